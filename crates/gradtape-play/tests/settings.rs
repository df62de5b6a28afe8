//! Settings are read, written, and refused with what would mend them.

use gradtape_play::{Session, Settings, choices};

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = match Settings::read(text) {
        Ok(settings) => Session::new(settings, None).err().expect(text),
        Err(error) => error,
    };
    let told = error.to_string();
    for word in words {
        assert!(told.contains(word), "{text}: {word:?} is not in: {told}");
    }
}

#[test]
fn settings_are_read_and_written_back() {
    assert_eq!(Settings::default().text(), "");
    let text = "data=xor\nsamples=200\nhidden=4,2\nactivation=relu,tanh\noptimizer=sgd\nlr=0.5\nmomentum=0.9\n";
    let settings = Settings::read(text).unwrap();
    assert_eq!(settings.text(), text);
    assert_eq!(Settings::read(&settings.text()).unwrap(), settings);
    let betas = Settings::read("betas=0.8,0.99\nhidden=none\nclip-norm=1").unwrap();
    assert_eq!(Settings::read(&betas.text()).unwrap(), betas);
    assert!(betas.hidden.is_empty());
}

#[test]
fn what_does_not_fit_is_told_with_what_does() {
    refused("data=moon", &["data: there is no \"moon\"", "did you mean moons?"]);
    refused("hiden=3", &["there is no setting \"hiden\"", "did you mean hidden?"]);
    refused("hidden=8,x", &["hidden is \"x\"", "from 1 to 32"]);
    refused("hidden=1,1,1,1,1,1,1", &["at most 6"]);
    refused("activation=tanh,relu,tanh", &["3 activations for 2 layers"]);
    refused("noise=-1", &["noise is \"-1\"", "from 0"]);
    refused("dropout=1", &["dropout"]);
    refused("lr=fast", &["lr is \"fast\""]);
    refused("lr=-1", &["learning rate is -1"]);
    refused("momentum=0.9", &["adam has no setting momentum"]);
    refused("optimizer=adm", &["did you mean adam?"]);
    refused("schedule=cosin", &["did you mean cosine?"]);
    refused("loss=hinge\ndata=blobs", &["hinge is not for 3 classes", "cross_entropy or mse"]);
    refused("loss=mae", &["mae is not for two classes"]);
    refused("data=formula\nformula=sin(x", &["formula:", "sin(x"]);
    refused("data=formula\nformula=y > z", &["what is z", "x and y"]);
    refused("data=formula\nformula=y > 9", &["false of all 500 points"]);
    refused("data=formula\nformula=log(x)", &["between -1 and 1"]);
    refused("data=formula\nformula=1 > x > 0", &["compares more than once"]);
    refused("data=csv", &["no table yet", "drop it"]);
    refused("data=drawn", &["two points of each of two classes"]);
    refused("data=drawn\npoints=aaaa", &["no whole points"]);
    refused("data=drawn\npoints=aaaa!", &["character 5, '!'"]);
    refused("just words", &["sets nothing"]);
    refused("look=x,z", &["there is no input \"z\"", "there are x, y"]);
}

#[test]
fn choices_name_everything_and_are_all_accepted() {
    let choices: serde_json::Value = serde_json::from_str(&choices()).unwrap();
    for list in ["activation", "init", "optimizer", "loss"] {
        let all = choices[list].as_array().unwrap();
        assert!(all.len() > 5, "{list}");
        for own in all {
            let name = own["name"].as_str().unwrap();
            assert!(Settings::read(&format!("{list}={name}")).is_ok(), "{list} {name}");
            assert!(own["doc"].as_str().is_some_and(|doc| !doc.is_empty()), "{list} {name}");
            for setting in own["settings"].as_array().into_iter().flatten() {
                let [known, default] =
                    ["name", "default"].map(|key| setting[key].as_str().unwrap());
                let text = format!("samples=40\nhidden=2\noptimizer={name}\n{known}={default}");
                Session::new(Settings::read(&text).unwrap(), None).unwrap();
            }
        }
    }
    for name in choices["schedule"].as_array().unwrap() {
        let text = format!("samples=40\nschedule={}", name.as_str().unwrap());
        Session::new(Settings::read(&text).unwrap(), None).unwrap();
    }
    for (name, value) in choices["defaults"].as_object().unwrap() {
        let line = format!("{name}={}", value.as_str().unwrap());
        assert_eq!(Settings::read(&line).unwrap(), Settings::default(), "{line}");
    }
}
