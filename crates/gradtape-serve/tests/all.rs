//! The service from outside: requests over a socket, good, bad, slow and many.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use gradtape::Rng;
use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
use gradtape::nn::{Linear, Relu, Sequential};
use gradtape::train::{Answers, Predictor};
use gradtape_serve::{Options, Service};
use serde_json::{Value, json};

const HOMES: &str = "size,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Bergen,yes\n60,Bergen,no\n";
const PRICES: &str = "size,price\n30,3\n50,5.5\n40,4\n60,6\n35,3.5\n";

fn predictor(text: &str, target: &str) -> Predictor {
    let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
    let all: Vec<usize> = (0..table.len()).collect();
    let prepared = Preprocessing::fit(&table, target, &all, &PreprocessOptions::default()).unwrap();
    let mut rng = Rng::new(3);
    let network = Sequential::new()
        .add(Linear::new(prepared.width(), 8, &mut rng))
        .add(Relu)
        .add(Linear::new(8, prepared.outputs(), &mut rng));
    Predictor::new(network, prepared).unwrap()
}

/// A service that runs until this is dropped.
struct Running {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    ended: mpsc::Receiver<gradtape::Result<()>>,
}

impl Running {
    fn start(options: Options) -> Running {
        let models = vec![
            ("homes".to_string(), predictor(HOMES, "sold")),
            ("prices".to_string(), predictor(PRICES, "price")),
        ];
        Running::of(Service::new(models, Options { port: 0, ..options }).unwrap())
    }

    fn of(service: Service) -> Running {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, address) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let stop = || async move { drop(stopped.await) };
            let _ = end.send(service.run(move |address| ready.send(address).unwrap(), stop));
        });
        let address = address.recv_timeout(Duration::from_secs(20)).unwrap();
        Running { address, stop: Some(stop), ended }
    }

    fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Status, type and body of the answer.
    fn send(&self, request: &[u8]) -> (u16, String, String) {
        send(self.address, request)
    }

    fn get(&self, path: &str) -> (u16, String, String) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes())
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> (u16, String, String) {
        self.send(&post(path, kind, body))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.ended.recv_timeout(Duration::from_secs(20));
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn send(address: SocketAddr, request: &[u8]) -> (u16, String, String) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    answer(&mut stream)
}

fn post(path: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn answer(stream: &mut TcpStream) -> (u16, String, String) {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or("");
    (status, kind.to_string(), body.to_string())
}

#[test]
fn rows_as_json_and_csv_are_answered_as_the_library_answers_them() {
    let running = Running::start(Options::default());
    let own = predictor(HOMES, "sold");
    let table = Table::from_csv(HOMES.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
    let Answers::Classes { labels, probabilities } = own.predict(&table).unwrap() else { panic!() };
    let names = own.classes().unwrap();

    let rows = json!([
        {"size": 30, "town": "Oslo"}, {"size": "50", "town": "Oslo"},
        {"size": 40, "town": "Bergen", "more": true}, {"size": 60.0, "town": "Bergen"},
    ]);
    let (status, kind, body) = running.post("/predict", "application/json", &rows.to_string());
    assert_eq!((status, &*kind), (200, "application/json"), "{body}");
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&told["target"], &told["classes"]), (&json!("sold"), &json!(["no", "yes"])));
    let shares = probabilities.to_f64_vec();
    for (row, &label) in labels.iter().enumerate() {
        assert_eq!(told["rows"][row]["class"], json!(names[label]));
        assert_eq!(told["rows"][row]["probabilities"], json!(shares[2 * row..2 * row + 2]));
    }

    let (status, kind, body) = running.post("/models/homes/predict", "text/csv", HOMES);
    assert_eq!((status, &*kind), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!((lines[0], lines.len()), ("sold,p_no,p_yes", 5));
    assert_eq!(body, own.predict(&table).unwrap().named(own.target(), own.classes()).csv());
    assert!(!lines[1].contains("e-") && lines[1].starts_with(&names[labels[0]]), "{body}");

    // One object, and objects one a line.
    let one = running.post("/models/prices/predict", "application/json", "{\"size\": 41}");
    let lines = running.post(
        "/models/prices/predict",
        "application/x-ndjson",
        "{\"size\": 41}\n{\"size\": 50}\n",
    );
    let [one, lines] =
        [one, lines].map(|(_, _, body)| serde_json::from_str::<Value>(&body).unwrap());
    assert_eq!(one["target"], json!("price"));
    assert_eq!(one["rows"][0], lines["rows"][0]);
    assert_eq!(lines["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_there_is_described() {
    let running = Running::start(Options::default());
    assert_eq!(running.get("/health").2, r#"{"status":"ok"}"#);
    let models: Value = serde_json::from_str(&running.get("/models").2).unwrap();
    assert_eq!(models[0]["columns"], json!(["size", "town"]));
    assert_eq!(
        models[1],
        json!({"name": "prices", "target": "price", "columns": ["size"], "classes": null})
    );
    let api: Value = serde_json::from_str(&running.get("/openapi.json").2).unwrap();
    let row = "/paths/~1models~1homes~1predict/post/requestBody/content/application~1json/schema/oneOf/1/required";
    assert_eq!(api.pointer(row), Some(&json!(["size", "town"])));
    let (status, kind, page) = running.get("/");
    assert!(status == 200 && kind.starts_with("text/html") && page.contains("Try a model"));
    running.post("/predict", "text/csv", HOMES);
    running.post("/predict", "text/csv", "size\n3\n");
    let metrics = running.get("/metrics").2;
    for line in [
        "gradtape_requests_total{status=\"2xx\"} 1",
        "gradtape_requests_total{status=\"4xx\"} 1",
        "gradtape_rows_total 4",
        "gradtape_request_seconds_count 2",
        "# TYPE gradtape_request_seconds histogram",
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
    }
}

#[test]
fn models_stand_in_the_order_in_which_they_were_given() {
    let names = ["zebra", "ant", "mole", "bee"];
    let models = names.map(|name| (name.to_string(), predictor(PRICES, "price")));
    let service = Service::new(models.into(), Options { port: 0, ..Options::default() }).unwrap();
    let running = Running::of(service);
    let models: Value = serde_json::from_str(&running.get("/models").2).unwrap();
    let told = models.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap());
    assert_eq!(told.collect::<Vec<_>>(), names);
}

#[test]
fn what_does_not_fit_its_column_is_told_or_refused() {
    let running = Running::start(Options::default());
    let notes = |body: &str| -> Value {
        let (status, _, body) = running.post("/predict", "application/json", body);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["notes"].clone()
    };
    assert_eq!(notes(r#"{"size": 30, "town": "Oslo"}"#), Value::Null);
    let told = notes(r#"[{"size": "ten", "town": "Oslo"}, {"size": 5, "town": "Røros"}]"#);
    let told: Vec<&str> =
        told.as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert!(
        told[0].contains("column \"size\": 1 of 2 values missing, taken as the mean 45"),
        "{told:?}"
    );
    assert!(told[0].contains("1 is no number, such as \"ten\" (line 1)"), "{told:?}");
    assert!(told[1].contains("\"Røros\" (line 2)") && told.len() == 2, "{told:?}");
    let told = notes(r#"[{"size": null, "town": "Oslo"}]"#);
    assert!(told[0].as_str().unwrap().contains("1 of 1 values missing"), "{told}");

    // CSV tells in its head, in letters that every head may have.
    let body = "size,town\nten,Røros\n";
    let mut stream = running.connect();
    stream.write_all(&post("/predict", "text/csv", body)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let head = answer.lines().find_map(|line| line.strip_prefix("gradtape-notes: ")).unwrap();
    assert!(head.is_ascii(), "{head}");
    let told: Vec<String> = serde_json::from_str(head).unwrap();
    assert!(told[0].contains("no number") && told[1].contains("\"Røros\""), "{told:?}");

    // Where it is asked for, they are refused.
    let strict = Running::start(Options { strict: true, ..Options::default() });
    for (running, path) in [(&running, "/predict?strict"), (&strict, "/predict")] {
        let (status, _, told) = running.post(path, "text/csv", "size,town\nten,Oslo\n");
        assert!(status == 400 && told.contains("\\\"ten\\\" is not a number"), "{told}");
        let (status, _, told) =
            running.post(path, "application/json", "{\"size\":1,\"town\":\"Rome\"}");
        assert!(status == 400 && told.contains("\\\"Rome\\\" is unknown"), "{told}");
        // What is missing is no fault.
        assert_eq!(running.post(path, "text/csv", "size,town\n,Oslo\n").0, 200);
        assert_eq!(running.post(path, "text/csv", HOMES).0, 200);
    }
}

#[test]
fn connections_that_ask_for_nothing_give_way() {
    let running = Running::start(Options {
        connections: 3,
        timeout: Duration::from_secs(60),
        ..Options::default()
    });
    let start = Instant::now();
    // One that never asked, one that has its answer, and one in the middle of its question.
    let fresh = running.connect();
    let mut answered = running.connect();
    let keep = String::from_utf8(post("/predict", "text/csv", HOMES)).unwrap();
    answered.write_all(keep.replace("close", "keep-alive").as_bytes()).unwrap();
    assert!(answered.read(&mut [0; 1024]).unwrap() > 0);
    let mut asking = running.connect();
    let (first, second) = keep.split_at(keep.len() - 5);
    asking.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    for _ in 0..4 {
        assert_eq!(running.get("/health").0, 200);
    }
    let mut others: Vec<TcpStream> = (0..4).map(|_| running.connect()).collect();
    assert_eq!(running.get("/health").0, 200);
    asking.write_all(second.as_bytes()).unwrap();
    assert_eq!(answer(&mut asking).0, 200);
    for mut idle in [fresh, answered] {
        assert_eq!(idle.read(&mut [0; 64]).unwrap(), 0);
    }
    others.clear();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn what_cannot_be_answered_says_why() {
    let running = Running::start(Options { body_bytes: 2000, ..Options::default() });
    let json = "application/json";
    let long = format!("size,town\n{}", "1,Oslo\n".repeat(400));
    let cases: [(&str, &str, &str, u16, &str); 12] = [
        ("/predict", json, "[{\"size\": 1}]", 400, "town"),
        ("/predict", json, "[{\"size\": 1, \"town\":", 400, "the body"),
        ("/predict", json, "", 400, "a body of JSON"),
        ("/predict", json, "5", 400, "a body of JSON"),
        ("/predict", json, "[]", 400, "the body"),
        ("/predict", json, "[[1, 2]]", 400, "the body"),
        ("/predict", json, "[{\"size\": 1e300, \"town\": \"Oslo\"}]", 400, "too far"),
        ("/predict", "text/csv", "size,town\n1\n", 400, "the body"),
        ("/predict", "image/png", "x", 415, "image/png"),
        ("/predict", "text/csv", &long, 413, "more than 2000 bytes"),
        ("/models/other/predict", json, "[]", 404, "no model \\\"other\\\""),
        ("/models/..%2F..%2Fetc%2Fpasswd/predict", json, "[]", 404, "no model"),
    ];
    for (path, kind, body, status, words) in cases {
        let (found, told_kind, told) = running.post(path, kind, body);
        assert_eq!((found, &*told_kind), (status, json), "{path} {body}: {told}");
        let message: Value = serde_json::from_str(&told).unwrap();
        assert!(message["error"].is_string() && told.contains(words), "{path} {body}: {told}");
        assert!(!told.contains(".rs:"), "{told}");
    }
    // Python writes NaN for a number that is missing.
    let missing = |word: &str| {
        running.post("/predict", json, &format!("[{{\"size\": {word}, \"town\": \"Oslo\"}}]"))
    };
    assert_eq!(missing("NaN"), missing("null"));
    let mut zipped = post("/predict", "text/csv", "");
    let end = String::from_utf8(zipped.clone())
        .unwrap()
        .replace("content-length: 0", "content-length: 4");
    zipped = [end.as_bytes(), &[0x1f, 0x8b, 8, 0]].concat();
    let (status, _, told) = running.send(&zipped);
    assert!(status == 415 && told.contains("compressed"), "{told}");
    assert_eq!(running.get("/predict").0, 405);
    assert_eq!(running.get("/../../etc/passwd").0, 404);
    assert_eq!(running.send(b"no HTTP\r\n\r\n").0, 400);
    // It is there as before.
    assert_eq!(running.get("/health").0, 200);
}

#[test]
fn slow_clients_are_sent_away_and_harm_nobody() {
    let running =
        Running::start(Options { timeout: Duration::from_millis(300), ..Options::default() });
    let start = Instant::now();
    let mut heads: Vec<TcpStream> = (0..50).map(|_| running.connect()).collect();
    heads
        .iter_mut()
        .for_each(|stream| stream.write_all(b"POST /predict HTTP/1.1\r\nhost:").unwrap());
    let mut body = running.connect();
    body.write_all(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nsize")
        .unwrap();
    assert_eq!(running.post("/predict", "text/csv", HOMES).0, 200);
    let mut told = [0; 512];
    let read = body.read(&mut told).unwrap();
    let told = String::from_utf8_lossy(&told[..read]).into_owned();
    assert!(told.starts_with("HTTP/1.1 408") && told.contains("did not arrive in time"), "{told}");
    for mut stream in heads {
        // Closed, with or without a word.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn who_does_not_read_is_sent_away_and_places_become_free() {
    let running = Running::start(Options {
        timeout: Duration::from_millis(400),
        connections: 2,
        body_bytes: 1 << 22,
        ..Options::default()
    });
    // Two that ask for much, again and again, and read nothing.
    let body = format!("size,town\n{}", "30,Oslo\n".repeat(100_000));
    let head = format!(
        "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let ask = [head.as_bytes(), body.as_bytes()].concat();
    let idle: Vec<_> = (0..2)
        .map(|_| {
            let (mut stream, ask) = (running.connect(), ask.clone());
            std::thread::spawn(move || while stream.write_all(&ask).is_ok() {})
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(running.get("/health").0, 200);
    idle.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn rows_that_would_fill_the_memory_are_refused() {
    let running = Running::start(Options { numbers: 30, ..Options::default() });
    let rows = |count: usize| format!("size,town\n{}", "30,Oslo\n".repeat(count));
    assert_eq!(running.post("/predict", "text/csv", &rows(10)).0, 200);
    let (status, _, told) = running.post("/predict", "text/csv", &rows(11));
    assert!(status == 413 && told.contains("11 rows, at most 10 at once"), "{told}");
}

#[test]
fn many_requests_at_once_are_answered_each_with_its_own_rows() {
    for delay in [0, 2] {
        let running =
            Running::start(Options { delay: Duration::from_millis(delay), ..Options::default() });
        let own = predictor(PRICES, "price");
        std::thread::scope(|scope| {
            for thread in 0..8u16 {
                let (address, own) = (running.address, &own);
                scope.spawn(move || {
                    for turn in 0..25u16 {
                        let size = f64::from(10 + thread * 25 + turn);
                        let (status, _, body) = send(
                            address,
                            &post(
                                "/models/prices/predict",
                                "application/json",
                                &format!("[{{\"size\":{size}}}]"),
                            ),
                        );
                        assert_eq!(status, 200, "{body}");
                        let told: Value = serde_json::from_str(&body).unwrap();
                        let table = format!("size\n{size}\n");
                        let table =
                            Table::from_csv(table.as_bytes(), "t", &CsvOptions::default()).unwrap();
                        let Answers::Numbers(expected) = own.predict(&table).unwrap() else {
                            panic!()
                        };
                        let found = told["rows"][0].as_f64().unwrap();
                        assert!(
                            (found - expected[0]).abs() <= 1e-5 * expected[0].abs(),
                            "{found} {expected:?}"
                        );
                    }
                });
            }
        });
    }
}

#[test]
fn a_stop_lets_requests_end_and_frees_the_port() {
    let mut running =
        Running::start(Options { delay: Duration::from_millis(300), ..Options::default() });
    let mut stream = running.connect();
    stream.write_all(&post("/predict", "text/csv", HOMES)).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    drop(running.stop.take());
    assert_eq!(answer(&mut stream).0, 200);
    running.ended.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
    assert!(TcpStream::connect(running.address).is_err());
}

#[test]
fn a_service_without_sense_is_refused() {
    let refusal =
        |models, options| Service::new(models, options).err().expect("it was taken").to_string();
    assert!(refusal(vec![], Options::default()).contains("no model"));
    let two = || {
        vec![
            ("a".to_string(), predictor(PRICES, "price")),
            ("a".to_string(), predictor(PRICES, "price")),
        ]
    };
    assert!(refusal(two(), Options::default()).contains("two models called \"a\""));
    let path = vec![("a/b".to_string(), predictor(PRICES, "price"))];
    assert!(refusal(path, Options::default()).contains("letters, digits"));
    let none = Options { body_bytes: 0, ..Options::default() };
    assert!(
        refusal(vec![("a".to_string(), predictor(PRICES, "price"))], none).contains("limit of 0")
    );
    // A taken port is an error that names it.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options { port: taken.local_addr().unwrap().port(), ..Options::default() };
    let service =
        Service::new(vec![("a".to_string(), predictor(PRICES, "price"))], options).unwrap();
    let told = service.run(|_| (), || async {}).unwrap_err().to_string();
    assert!(told.contains("127.0.0.1") && told.contains("--port"), "{told}");
}
