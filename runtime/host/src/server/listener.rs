//! Listening sockets: one for each worker, all on the same port.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be accepted, for each worker.
const BACKLOG: i32 = 1024;

/// Opens `count` listeners on one address, among which the system spreads connections.
/// With port 0, all get the port that the system chose for the first.
///
/// # Errors
/// When the address can't be had, also when another process listens there and would
/// share it.
pub fn open(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    if count > 1 && address.port() != 0 {
        // Sockets that share a port would also share it with a stranger's, silently.
        // One that doesn't share finds out, without ever listening.
        socket(address, false)?;
    }
    let first = listen(address, count > 1)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(listen(address, true)?);
    }
    Ok(listeners)
}

fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = socket(address, shared)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Connections of the last run that are still dying must not block a restart.
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn all_have_the_same_port() {
        let listeners = open("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let address = listeners[0].local_addr().unwrap();
        assert!(
            listeners
                .iter()
                .all(|listener| listener.local_addr().unwrap() == address)
        );
    }

    #[test]
    fn a_port_is_not_shared_with_strangers() {
        let listeners = open("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = listeners[0].local_addr().unwrap();
        for count in [1, 2] {
            let error = open(address, count).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        }
    }
}
