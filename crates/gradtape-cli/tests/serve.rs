//! `gradtape serve`: the program as a server.

#![cfg(all(unix, feature = "serve"))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::common::{Folder, contains, run};

#[test]
fn a_model_answers_until_the_program_is_told_to_end() {
    let folder = Folder::new("serve-iris");
    folder.run("train iris --epochs 5 --out run").ok();
    folder.write("one.csv", "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n");
    let predicted = folder.run("predict run/model.safetensors one.csv").ok().stdout;
    let mut server = Command::new(env!("CARGO_BIN_EXE_gradtape"))
        .args(["serve", "run/model.safetensors", "--port", "0"])
        .current_dir(folder.path("."))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut told).unwrap();
    contains(&told, &["http://127.0.0.1:", "answers for model"]);
    let address = told.split('/').nth(2).unwrap();
    let body = String::from_utf8(folder.read("one.csv")).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, predicted);
    let ended = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(ended.success() && server.wait().unwrap().success());
}

#[test]
fn what_cannot_be_served_says_why() {
    run("serve gone.safetensors").fails(1, &["gone.safetensors"]);
    run("serve").fails(2, &["MODEL"]);
    let folder = Folder::new("serve-refused");
    folder.run("train iris --epochs 1 --out run").ok();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    folder
        .run(&format!("serve run/model.safetensors --port {port}"))
        .fails(1, &["127.0.0.1", "--port"]);
    folder.run("serve run/model.safetensors --timeout 1e9").fails(2, &["--timeout"]);
    folder.run("serve a+b=run/model.safetensors --port 0").fails(1, &["\"a+b\"", "letters"]);
}
