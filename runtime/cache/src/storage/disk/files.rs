//! The files of the disk tier.
//!
//! ```text
//! lock                  held by the process that uses the directory
//! purges                what was purged (`log`)
//! objects/3f/…3f.rec    a record ([`crate::storage::record`]), and the body where it is short
//! objects/3f/…3f.body   a longer body, in chunks
//! ```
//!
//! A file is named by a number that is never used again, and never changes once its record is written. A record is written
//! last: a file whose length or checksum does not agree was not finished, or is damaged.

use crate::storage::checksum::of_chunk;
use crate::storage::content::Chunks;
use crate::storage::record::{BodyAt, Decoded, FRAME, Frame, decode};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The length of a chunk on the disk; a body's last one is shorter.
pub(crate) const CHUNK: usize = 256 * 1024;
/// What a file's length is rounded up to when it is counted.
const BLOCK: u64 = 4096;
/// What is read of a record at once.
const FIRST: usize = 4096;

/// A directory of the tier.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    objects: PathBuf,
}

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Record,
    Body,
}

impl Files {
    /// Makes the directories that are missing.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let objects = directory.join("objects");
        for at in 0..=u8::MAX {
            fs::create_dir_all(objects.join(format!("{at:02x}")))?;
        }
        Ok(Self { objects })
    }

    /// Where a file is.
    pub fn path(&self, kind: Kind, id: u64) -> PathBuf {
        let ending = match kind {
            Kind::Record => "rec",
            Kind::Body => "body",
        };
        self.objects
            .join(format!("{:02x}", id & 0xff))
            .join(format!("{id:016x}.{ending}"))
    }

    /// Writes a new file of these pieces.
    pub fn write(&self, kind: Kind, id: u64, pieces: &[&[u8]]) -> io::Result<()> {
        let path = self.path(kind, id);
        let mut file = File::create_new(&path)?;
        let written = pieces.iter().try_for_each(|piece| file.write_all(piece));
        if written.is_err() {
            self.remove(kind, id);
        }
        written
    }

    /// Removes a file. One that can't be removed now is found at the next start.
    pub fn remove(&self, kind: Kind, id: u64) {
        let _ = fs::remove_file(self.path(kind, id));
    }

    /// Reads a record with all that follows it; `None` in the second place when it is damaged.
    pub fn record(&self, id: u64) -> io::Result<(u64, Option<(Decoded, Bytes)>)> {
        let bytes = Bytes::from(fs::read(self.path(Kind::Record, id))?);
        let len = bytes.len() as u64;
        let read = || {
            let frame = Frame::read(&bytes)?;
            let end = FRAME + frame.record;
            let decoded = decode(&frame, bytes.get(FRAME..end)?)?;
            let body = bytes.slice(end..);
            frame.is_body(&body).then_some((decoded, body))
        };
        Ok((len, read()))
    }

    /// Reads a record without the body that follows it, with what its files take on the disk; `None` when it is damaged or
    /// not finished.
    pub fn head(&self, id: u64) -> io::Result<Option<(Decoded, u64)>> {
        let mut file = File::open(self.path(Kind::Record, id))?;
        let len = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(FIRST);
        (&mut file).take(FIRST as u64).read_to_end(&mut bytes)?;
        let Some(frame) = Frame::read(&bytes) else {
            return Ok(None);
        };
        let end = FRAME + frame.record;
        if len != (end as u64).saturating_add(frame.body) {
            return Ok(None);
        }
        let missing = end.saturating_sub(bytes.len()) as u64;
        file.take(missing).read_to_end(&mut bytes)?;
        let decoded = bytes
            .get(FRAME..end)
            .and_then(|record| decode(&frame, record));
        let mut size = rounded(len);
        if let Some(Decoded {
            body: BodyAt::File { id, len, .. },
            ..
        }) = &decoded
        {
            match fs::metadata(self.path(Kind::Body, *id)) {
                Ok(data) if data.len() == *len => size += rounded(*len),
                _ => return Ok(None),
            }
        }
        Ok(decoded.map(|decoded| (decoded, size)))
    }

    /// All files, by directory; what has another name is left alone.
    pub fn list(&self, directory: u8) -> Vec<(Kind, u64)> {
        let Ok(files) = fs::read_dir(self.objects.join(format!("{directory:02x}"))) else {
            return Vec::new();
        };
        files
            .flatten()
            .filter_map(|file| {
                let name = file.file_name();
                let (number, ending) = name.to_str()?.split_once('.')?;
                let kind = match ending {
                    "rec" => Kind::Record,
                    "body" => Kind::Body,
                    _ => return None,
                };
                let id = u64::from_str_radix(number, 16).ok()?;
                (id & 0xff == u64::from(directory)).then_some((kind, id))
            })
            .collect()
    }
}

/// What a file of this length takes.
pub(crate) fn rounded(len: u64) -> u64 {
    len.div_ceil(BLOCK).saturating_mul(BLOCK)
}

/// A body's file that is being written.
#[derive(Debug)]
pub(crate) struct BodyFile {
    file: File,
    id: u64,
    /// What does not make up a chunk yet.
    rest: Vec<u8>,
    sums: Vec<u64>,
    len: u64,
}

impl BodyFile {
    /// A new one.
    pub fn create(files: &Files, id: u64) -> io::Result<Self> {
        Ok(Self {
            file: File::create_new(files.path(Kind::Body, id))?,
            id,
            rest: Vec::with_capacity(CHUNK),
            sums: Vec::new(),
            len: 0,
        })
    }

    /// Adds a piece of any length.
    pub fn write(&mut self, mut piece: &[u8]) -> io::Result<()> {
        while !piece.is_empty() {
            let (now, later) = piece.split_at(piece.len().min(CHUNK - self.rest.len()));
            self.rest.extend_from_slice(now);
            piece = later;
            if self.rest.len() == CHUNK {
                self.chunk()?;
            }
        }
        Ok(())
    }

    fn chunk(&mut self) -> io::Result<()> {
        self.sums
            .push(of_chunk(self.id, self.sums.len() as u64, &self.rest));
        self.file.write_all(&self.rest)?;
        self.len += self.rest.len() as u64;
        self.rest.clear();
        Ok(())
    }

    /// The number of its file.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Writes what is left, and says where the body is.
    pub fn finish(mut self) -> io::Result<BodyAt> {
        if !self.rest.is_empty() {
            self.chunk()?;
        }
        Ok(BodyAt::File {
            id: self.id,
            len: self.len,
            sums: self.sums,
        })
    }
}

/// Reads one chunk, and checks it: `None` when it is damaged.
pub(crate) fn read_chunk(
    file: &File,
    id: u64,
    len: u64,
    sums: &[u64],
    number: u64,
) -> io::Result<Option<Bytes>> {
    let at = number.saturating_mul(CHUNK as u64);
    let size = usize::try_from(len.saturating_sub(at).min(CHUNK as u64)).unwrap_or(0);
    let sum = usize::try_from(number)
        .ok()
        .and_then(|number| sums.get(number));
    let mut bytes = vec![0; size];
    match read_at(file, &mut bytes, at) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let good = sum.is_some_and(|sum| of_chunk(id, number, &bytes) == *sum);
    Ok(good.then(|| bytes.into()))
}

/// Reads all chunks, and checks them.
pub(crate) fn read_whole(
    file: &File,
    id: u64,
    len: u64,
    sums: &[u64],
) -> io::Result<Option<Chunks>> {
    let mut pieces = Vec::with_capacity(sums.len());
    for number in 0..len.div_ceil(CHUNK as u64) {
        match read_chunk(file, id, len, sums, number)? {
            Some(chunk) => pieces.push(chunk),
            None => return Ok(None),
        }
    }
    Ok(Some(Chunks::of(pieces)))
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(count..).unwrap_or_default();
        at += count as u64;
    }
    Ok(())
}
