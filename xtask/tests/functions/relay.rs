use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::edge::Edge;
use crate::workspace::Workspace;

/// What answers slowly, and tells when it is hung up on.
struct Source {
    port: u16,
    hung_up: Arc<Notify>,
}

impl Source {
    async fn start() -> Source {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, hung_up) = (listener.local_addr().unwrap().port(), Arc::new(Notify::new()));
        let heard = Arc::clone(&hung_up);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&heard)));
            }
        });
        Source { port, hung_up }
    }
}

async fn answer(mut stream: TcpStream, hung_up: Arc<Notify>) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let head = "HTTP/1.1 200 OK\r\nX-Model: small\r\nX-Secret: no\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (mut read, mut write) = stream.into_split();
    let work = async {
        match path.as_str() {
            "/never" => sleep(Duration::from_secs(60)).await,
            "/silent" => {
                write.write_all(head.as_bytes()).await.unwrap();
                write.write_all(b"1\r\na\r\n").await.unwrap();
                sleep(Duration::from_secs(60)).await;
            }
            "/endless" => {
                write.write_all(head.as_bytes()).await.unwrap();
                while write.write_all(b"1\r\na\r\n").await.is_ok() {
                    sleep(Duration::from_millis(200)).await;
                }
            }
            "/cut" => {
                write.write_all(head.as_bytes()).await.unwrap();
                write.write_all(b"5\r\nab").await.unwrap();
            }
            // Each piece says when it was sent.
            _ => {
                write.write_all(head.as_bytes()).await.unwrap();
                for _ in 0..20 {
                    let now = now().to_string();
                    write.write_all(format!("{:x}\r\n{now}\r\n", now.len()).as_bytes()).await.unwrap();
                    sleep(Duration::from_millis(50)).await;
                }
                write.write_all(b"0\r\n\r\n").await.unwrap();
            }
        }
    };
    let gone = async {
        let mut rest = [0; 16];
        while read.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
    };
    tokio::select! {
        () = work => {}
        () = gone => hung_up.notify_one(),
    }
}

/// Microseconds.
#[expect(clippy::disallowed_methods, reason = "sender and receiver are one process")]
fn now() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()
}

/// The events that have come whole, and what is left.
struct Reader {
    answer: Response,
    text: String,
}

impl Reader {
    async fn open(edge: &Edge, source: &Source, path: &str) -> Reader {
        let url = format!("{}/functions/v1/relaying?port={}&path={path}", edge.url, source.port);
        let answer = Client::new().get(url).send().await.unwrap();
        Reader { answer, text: String::new() }
    }

    /// The next event, without its comments; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if event != ":" {
                    return Some(event);
                }
                continue;
            }
            let piece = self.answer.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test]
async fn what_comes_piece_by_piece_is_handed_on_at_once_and_a_hang_up_is_heard() {
    let workspace = Workspace::with_fixture("relaying");
    // A caller who leaves after 300 ms, through the runtime itself: of a connection that ends before there is an answer workerd
    // tells nobody, other than Cloudflare's own front does.
    let leaving = workspace.root.join("build/wasm-dev/leaving");
    fs::create_dir_all(&leaving).unwrap();
    fs::write(
        leaving.join("index.js"),
        "export default { async fetch({ url }, env) {
           const address = url.replace('/leaving', '/functions/v1/relaying');
           return env.FIXTURE_RELAYING.fetch(address, { signal: AbortSignal.timeout(300) }).catch((why) => new Response(why.name));
         } };",
    )
    .unwrap();
    let edge = Edge::serve_at(&workspace, &[("fixture-relaying", "/functions/v1/relaying"), ("leaving", "/leaving")]);
    let source = Source::start().await;

    let mut reader = Reader::open(&edge, &source, "ticking").await;
    let headers = reader.answer.headers();
    let told = ["content-type", "x-accel-buffering", "cache-control"].map(|name| headers[name].to_str().unwrap().to_owned());
    assert_eq!(told, ["text/event-stream", "no", "no-store, no-transform"]);
    assert_eq!(reader.next().await.unwrap(), "id: 1\nevent: model\ndata: {\"text\":\"small\"}");
    let mut late = Vec::new();
    while let Some(event) = reader.next().await {
        let Some(sent) = event.strip_prefix("data: {\"text\":\"").and_then(|rest| rest.strip_suffix("\"}")) else {
            assert_eq!(event, "data: [DONE]");
            continue;
        };
        late.push(now() - sent.parse::<u128>().unwrap());
    }
    late.sort_unstable();
    assert_eq!(late.len(), 20);
    // Well above what it takes, for machines under load: here it counts that nothing gathers pieces.
    assert!(late[10] < 50_000, "microseconds behind: {late:?}");
    println!("behind the source: median {} µs, worst {} µs", late[10], late[19]);

    // One that waits forever, one that falls silent, one that never ends, one that is cut: each ends in its own way.
    let started = Instant::now();
    let never = Reader::open(&edge, &source, "never").await.answer;
    assert_eq!(never.status(), 503);
    assert!((2..4).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    for (path, end, seconds) in [("silent", "timeout", 1..3), ("endless", "timeout", 4..6), ("cut", "cut", 0..2)] {
        let (started, mut seen) = (Instant::now(), Vec::new());
        let mut reader = Reader::open(&edge, &source, path).await;
        while let Some(event) = reader.next().await {
            seen.push(event);
        }
        assert!(seen.contains(&format!("event: error\ndata: {end}")), "{path}: {seen:?}");
        assert!(seconds.contains(&started.elapsed().as_secs()), "{path}: {:?}", started.elapsed());
    }

    // The caller leaves: in the middle, and before the first byte.
    let heard = || timeout(Duration::from_secs(10), source.hung_up.notified());
    while timeout(Duration::from_millis(100), source.hung_up.notified()).await.is_ok() {}
    let mut reader = Reader::open(&edge, &source, "endless").await;
    reader.next().await.unwrap();
    let started = Instant::now();
    drop(reader);
    heard().await.expect("the source hears that its reader has gone");
    println!("a hang-up in the middle is heard after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(3));

    let started = Instant::now();
    let url = format!("{}/leaving?port={}&path=never", edge.url, source.port);
    assert_eq!(Client::new().get(url).send().await.unwrap().text().await.unwrap(), "TimeoutError");
    heard().await.expect("the source hears that nobody waits for it");
    println!("a hang-up before the first byte is heard after {:?}", started.elapsed() - Duration::from_millis(300));
    // Patience alone would take two seconds.
    assert!(started.elapsed() < Duration::from_millis(1300), "{:?}", started.elapsed());
}
