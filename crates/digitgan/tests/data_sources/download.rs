//! Downloads, from a server on this machine that does as it is told.

use crate::support::{gzip, idx_labels, real_mnist, write};
use digitgan::data::{DataSource, Reading};
use digitgan::load::download::fetch;
use digitgan::load::{DataError, DataEvent, Mirrors, RemoteFile, load_from, mnist};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// SHA-256 of `idx_labels(&[1, 2, 3])`, as sha256sum computes it.
const FILE: RemoteFile = RemoteFile { name: "labels", bytes: 11, sha256: SHA256 };
const SHA256: &str = "398a8a7fbd9531f1d9aa2ae368533e137cb53c202c3665f25affcf1ca88844ab";

/// What the server does with one connection.
#[derive(Clone)]
enum Reply {
    /// Sends a whole answer.
    Send(u16, Vec<u8>),
    /// Announces the whole of the bytes, and sends half of them.
    CutOff(Vec<u8>),
    /// Sends a chunked answer without end.
    Endless,
    /// Holds the connection and says nothing.
    Silence,
    /// Sends half of the bytes, and then nothing more.
    Stall(Vec<u8>),
}

/// A server that answers as many connections as it has replies, and stops.
struct Server {
    url: String,
    thread: JoinHandle<()>,
}

impl Server {
    fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().unwrap();
                // A client that has had enough hangs up in the middle of an answer.
                let _ = answer(stream, &reply);
            }
        });
        Self { url, thread }
    }

    /// Waits for the server to have used all of its replies.
    fn finish(self) {
        self.thread.join().unwrap();
    }
}

fn answer(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut request = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let head = |status: u16, length: usize| {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    match reply {
        Reply::Send(status, body) => {
            stream.write_all(head(*status, body.len()).as_bytes())?;
            stream.write_all(body)
        }
        Reply::CutOff(body) => {
            stream.write_all(head(200, body.len()).as_bytes())?;
            stream.write_all(&body[..body.len() / 2])
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let chunk = [b"10000\r\n", [b'x'; 0x10000].as_slice(), b"\r\n"].concat();
            // Far above the limit, so that a client without one would be noticed.
            (0..2000).try_for_each(|_| stream.write_all(&chunk))
        }
        Reply::Silence => wait_for_hang_up(request),
        Reply::Stall(body) => {
            stream.write_all(head(200, body.len()).as_bytes())?;
            stream.write_all(&body[..body.len() / 2])?;
            wait_for_hang_up(request)
        }
    }
}

/// Returns when the client is gone, or when the read timeout is over.
fn wait_for_hang_up(mut request: impl BufRead) -> std::io::Result<()> {
    request.fill_buf().map(|_| ())
}

fn good() -> Vec<u8> {
    gzip(&idx_labels(&[1, 2, 3]))
}

/// Mirrors with little patience.
fn mirrors(urls: &[&str]) -> Mirrors {
    Mirrors {
        urls: urls.iter().map(|&url| url.to_owned()).collect(),
        phase: Duration::from_millis(300),
        stall: Duration::from_millis(300),
        rounds: 3,
        pause: Duration::from_millis(1),
        reach: None,
    }
}

/// Nothing but `NAME.gz` may be left in the folder, and that only after success.
fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The address of a server that was there and is gone: connections are refused.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[test]
fn a_good_file_is_stored_with_progress() {
    let server = Server::start(vec![Reply::Send(200, good())]);
    let folder = tempdir().unwrap();
    let deeper = folder.path().join("a/b");
    let progress = Mutex::new(Vec::new());
    let on_event = |event: DataEvent| match event {
        DataEvent::Download { file, received, total, .. } => {
            progress.lock().unwrap().push((file.to_owned(), received, total));
        }
        other => panic!("{other:?}"),
    };
    let path = fetch(&FILE, &deeper, &mirrors(&[&server.url]), &on_event).unwrap();
    server.finish();
    assert_eq!(path, deeper.join("labels.gz"));
    assert_eq!(fs::read(&path).unwrap(), good());
    assert_eq!(files_in(&deeper), ["labels.gz"]);
    let total = good().len() as u64;
    let progress = progress.into_inner().unwrap();
    assert_eq!(progress.first().unwrap(), &("labels.gz".to_owned(), 0, Some(total)));
    assert_eq!(progress.last().unwrap(), &("labels.gz".to_owned(), total, Some(total)));
}

#[test]
fn passing_trouble_is_tried_again() {
    for trouble in [
        Reply::Send(503, vec![]),
        Reply::CutOff(good()),
        Reply::Silence,
        Reply::Stall(good()),
        Reply::Send(200, good()[..20].to_vec()),
    ] {
        let server = Server::start(vec![trouble.clone(), trouble, Reply::Send(200, good())]);
        let folder = tempdir().unwrap();
        let path = fetch(&FILE, folder.path(), &mirrors(&[&server.url]), &|_| ()).unwrap();
        server.finish();
        assert_eq!(fs::read(path).unwrap(), good());
    }
}

#[test]
fn lasting_trouble_goes_to_the_next_mirror() {
    for trouble in [
        Reply::Send(404, vec![]),
        Reply::Send(200, gzip(&idx_labels(&[1, 2, 4]))),
        Reply::Send(200, b"<html>log in first</html>".to_vec()),
        Reply::Endless,
    ] {
        let (bad, fine) = (Server::start(vec![trouble]), Server::start(vec![Reply::Send(200, good())]));
        let folder = tempdir().unwrap();
        let urls = mirrors(&[&bad.url, &fine.url]);
        let failures = Mutex::new(0);
        let on_event = |event: DataEvent| {
            *failures.lock().unwrap() += usize::from(matches!(event, DataEvent::MirrorFailed { .. }));
        };
        fetch(&FILE, folder.path(), &urls, &on_event).unwrap();
        assert_eq!(failures.into_inner().unwrap(), 1);
        assert_eq!(files_in(folder.path()), ["labels.gz"]);
        bad.finish();
        fine.finish();
    }
}

#[test]
fn when_no_mirror_delivers_nothing_is_left_behind() {
    for (trouble, word) in [
        (Reply::Send(404, vec![]), "404"),
        (Reply::Send(200, gzip(b"another file")), "SHA-256"),
        (Reply::Endless, "more than"),
    ] {
        let server = Server::start(vec![trouble]);
        let folder = tempdir().unwrap();
        let error = fetch(&FILE, folder.path(), &mirrors(&[&server.url]), &|_| ()).unwrap_err();
        let message = error.to_string();
        let host = server.url.trim_start_matches("http://").trim_end_matches('/');
        assert!(matches!(error, DataError::Download { .. }) && message.contains(word), "{message}");
        assert!(message.contains(host) && !message.contains('\n'), "{message}");
        assert!(files_in(folder.path()).is_empty(), "{:?}", files_in(folder.path()));
        server.finish();
    }
}

#[test]
fn silence_is_not_waited_out() {
    let started = Instant::now();
    let server = Server::start(vec![Reply::Silence; 3]);
    let folder = tempdir().unwrap();
    let error = fetch(&FILE, folder.path(), &mirrors(&[&server.url]), &|_| ()).unwrap_err();
    assert!(error.to_string().contains("timeout"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    server.finish();
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let place = file.join("mnist");
    let error = fetch(&FILE, &place, &mirrors(&[]), &|_| ()).unwrap_err();
    assert!(matches!(&error, DataError::Write { path, .. } if *path == place), "{error:?}");
    assert!(error.is_out_of_reach());
}

#[test]
fn auto_falls_back_and_says_so_where_mnist_does_not() {
    let folder = tempdir().unwrap();
    let nobody = nobody();
    let nobody = Mirrors { reach: Some(Duration::from_secs(10)), ..mirrors(&[&nobody, &nobody]) };
    let told = Mutex::new(None);
    let on_event = |event: DataEvent| {
        if let DataEvent::FellBackToStrokes { reason } = event {
            *told.lock().unwrap() = Some(reason.to_owned());
        }
    };
    let loaded = load_from(&DataSource::Auto, &Reading::default(), folder.path(), &nobody, &on_event).unwrap();
    assert_eq!(loaded.dataset.name, "strokes");
    assert!(loaded.fallback.is_some());
    assert_eq!(loaded.fallback, told.into_inner().unwrap());
    assert!(!folder.path().join("mnist/t10k-labels-idx1-ubyte.gz").exists());
    let error = load_from(&DataSource::Mnist, &Reading::default(), folder.path(), &nobody, &|_| ()).unwrap_err();
    assert!(matches!(error, DataError::Download { .. }), "{error:?}");
}

#[test]
fn with_a_budget_silence_is_waited_for_once() {
    let servers = [Server::start(vec![Reply::Silence]), Server::start(vec![Reply::Silence])];
    let folder = tempdir().unwrap();
    let brief = Mirrors { reach: Some(Duration::from_millis(700)), ..mirrors(&[&servers[0].url, &servers[1].url]) };
    let started = Instant::now();
    let error = mnist::load(folder.path(), &brief, &|_| ()).unwrap_err();
    assert!(error.is_out_of_reach(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    servers.into_iter().for_each(Server::finish);
}

#[test]
fn only_the_missing_file_of_mnist_is_fetched() {
    let Some(real) = real_mnist() else { return };
    let data_dir = tempdir().unwrap();
    let copy = |name: &str| write(data_dir.path(), &format!("mnist/{name}"), &fs::read(real.join(name)).unwrap());
    copy("train-images-idx3-ubyte.gz");
    copy("train-labels-idx1-ubyte.gz");
    copy("t10k-images-idx3-ubyte.gz");
    let name = "t10k-labels-idx1-ubyte.gz";
    let server = Server::start(vec![Reply::Send(200, fs::read(real.join(name)).unwrap())]);
    let mirrors = mirrors(&[&server.url]);
    let loaded = load_from(&DataSource::Auto, &Reading::default(), data_dir.path(), &mirrors, &|_| ()).unwrap();
    assert_eq!((loaded.dataset.name.as_str(), loaded.fallback), ("mnist", None));
    assert!(data_dir.path().join("mnist").join(name).exists());
    server.finish();
}
