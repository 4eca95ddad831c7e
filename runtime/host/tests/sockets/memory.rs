//! Bodies stream: a server that passes on 200 MB stays about as small as it was.
//!
//! The server runs in a process of its own, so that neither the client's nor the origin's
//! memory counts.

use std::io::{Read, Write};

use crate::support::origin::receive;
use crate::support::{Client, Origin, Process};

const SIZE: usize = 200_000_000;
const MOST: usize = 16 << 20;

/// Bytes that the process has resident now; from here on, the peak is measured anew.
fn resident(process: &Process) -> usize {
    std::fs::write(format!("/proc/{}/clear_refs", process.id()), "5").unwrap();
    status(process, "VmRSS:")
}

fn peak(process: &Process) -> usize {
    status(process, "VmHWM:")
}

fn status(process: &Process, field: &str) -> usize {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.trim()
        .strip_suffix(" kB")
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 1024
}

fn send_zeros(to: &mut impl Write, mut count: usize) {
    let block = vec![0; 64 << 10];
    while count > 0 {
        let part = count.min(block.len());
        to.write_all(&block[..part]).unwrap();
        count -= part;
    }
}

fn take(from: &mut impl Read, count: usize) {
    let taken = std::io::copy(&mut from.take(count as u64), &mut std::io::sink()).unwrap();
    assert_eq!(taken as usize, count);
}

/// Sends as many bytes as the path's last part says, and takes what it is sent.
fn bulk_origin() -> Origin {
    Origin::start(|client, _| {
        while let Some(received) = receive(client) {
            if let Some(length) = received.all("content-length").first() {
                take(&mut client.reader, length.parse().unwrap());
            }
            let path = received.line.split(' ').nth(1).unwrap();
            let size: usize = path.rsplit('/').next().unwrap().parse().unwrap();
            client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"));
            send_zeros(client.reader.get_mut(), size);
        }
    })
}

#[test]
fn two_hundred_megabytes_each_way_stay_within_sixteen() {
    let origin = bulk_origin();
    stays_small(&Process::start(&origin.url()));
}

#[test]
fn scans_change_nothing_about_that() {
    let origin = bulk_origin();
    stays_small(&Process::scanning(&origin.url()));
}

fn stays_small(server: &Process) {
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/0/1").status, 200);

    let idle = resident(server);
    client.send(format!("GET /0/{SIZE} HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(client.head().0, 200);
    take(&mut client.reader, SIZE);
    let down = peak(server).saturating_sub(idle);

    client.send(format!(
        "POST /0/0 HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"
    ));
    send_zeros(client.reader.get_mut(), SIZE);
    assert_eq!(client.reply().status, 200);
    let up = peak(server).saturating_sub(idle);

    println!("idle {idle}, down +{down}, up +{up}");
    assert!(
        down <= MOST && up <= MOST,
        "idle {idle}, down +{down}, up +{up}"
    );
}
