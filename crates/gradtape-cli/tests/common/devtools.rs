//! A browser that is driven: Chromium's own protocol over its standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Folder;

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    session: Option<String>,
    /// Exceptions, errors and warnings that the page told.
    pub(crate) wrong: Vec<String>,
}

impl Browser {
    /// Starts it without a window, with a profile in the folder.
    pub(crate) fn start(chromium: &Path, folder: &Folder) -> Browser {
        // It reads from file 3 and writes to file 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 1>/dev/null"])
            .arg(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.path("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut browser = Browser {
            child,
            to,
            from: BufReader::new(from),
            calls: 0,
            session: None,
            wrong: Vec::new(),
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(String::from);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method and gives its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.clone().into();
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        self.to.flush().unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser ended while {method} was called");
            let told: Value = serde_json::from_slice(&bytes).unwrap();
            if told["id"] == self.calls {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].clone();
            }
            let params = &told["params"];
            match told["method"].as_str() {
                Some("Runtime.exceptionThrown") => self.wrong.push(params.to_string()),
                Some("Runtime.consoleAPICalled") if params["type"] != "log" => {
                    self.wrong.push(params.to_string());
                }
                Some("Log.entryAdded") => self.wrong.push(params.to_string()),
                _ => {}
            }
        }
    }

    /// The value of an expression in the page, awaited if it is a promise.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let told = self.call("Runtime.evaluate", asked);
        assert!(told.get("exceptionDetails").is_none(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str) {
        let started = Instant::now();
        while self.value(expression) != true {
            let told = "document.getElementById('problem')?.textContent";
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "{expression} is not true; the page says {}; {:?}",
                self.value(told),
                self.wrong
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Opens a file with what follows its name in the address.
    #[track_caller]
    pub(crate) fn open(&mut self, file: &Path, fragment: &str) {
        // Another fragment alone would not load the page anew.
        self.call("Page.navigate", json!({"url": "about:blank"}));
        let address = format!("file://{}{fragment}", file.display());
        self.call("Page.navigate", json!({"url": address}));
        self.until("document.readyState === 'complete'");
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let text = match (kind, key.chars().count()) {
                ("keyDown", 1) => key,
                _ => "",
            };
            let event = json!({"type": kind, "key": key, "code": key, "text": text,
                "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// How large the page is, and whether its system is dark.
    pub(crate) fn screen(&mut self, width: u32, height: u32, dark: bool) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
