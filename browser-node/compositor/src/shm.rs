//! Memory that Chromium shares with us. All of this crate's `unsafe` is here.
//!
//! The client is not trusted: every size is checked, and a memory file that could still shrink is refused, because
//! reading beyond its end would be a SIGBUS.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Mutex;

/// The largest pool taken (bytes): a few of the largest pictures.
const LARGEST: usize = 256 << 20;

/// A client's memory file, mapped read-only.
pub(crate) struct Pool {
    fd: OwnedFd,
    map: Mutex<Map>,
}

struct Map {
    start: *const u8,
    length: usize,
}

// SAFETY: the mapping is read-only and stays until it is dropped; nothing about it belongs to a thread.
unsafe impl Send for Map {}

impl Map {
    fn new(fd: &OwnedFd, length: usize) -> Option<Map> {
        // SAFETY: asks for the size of an open file.
        let size = unsafe {
            let mut stat = std::mem::zeroed::<libc::stat>();
            if libc::fstat(fd.as_raw_fd(), &mut stat) != 0 {
                return None;
            }
            stat.st_size as u64
        };
        if length == 0 || length > LARGEST || length as u64 > size {
            return None;
        }
        // SAFETY: a new mapping of an open file, within its size.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd.as_raw_fd(), 0) };
        (start != libc::MAP_FAILED).then_some(Map { start: start.cast(), length })
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: unmaps what `new` mapped, once.
        unsafe { libc::munmap(self.start.cast_mut().cast(), self.length) };
    }
}

impl Pool {
    /// Takes a client's memory; none when it could shrink under us, or is smaller than it says.
    pub(crate) fn new(fd: OwnedFd, length: i32) -> Option<Pool> {
        // SAFETY: asks for the seals of an open file.
        let seals = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GET_SEALS) };
        if seals < 0 || seals & libc::F_SEAL_SHRINK == 0 {
            // SAFETY: seals an open file; it fails where seals are not for us to set, and then the pool is refused.
            if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) } != 0 {
                return None;
            }
        }
        let map = Map::new(&fd, usize::try_from(length).ok()?)?;
        Some(Pool { fd, map: Mutex::new(map) })
    }

    /// The client says that the file has grown; `false` when it has not.
    pub(crate) fn resize(&self, length: i32) -> bool {
        let map = usize::try_from(length).ok().and_then(|length| Map::new(&self.fd, length));
        let mut current = self.map.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match map {
            Some(map) if map.length >= current.length => {
                *current = map;
                true
            }
            _ => false,
        }
    }

    /// Copies `to.len()` bytes from `offset` on; `false` when they are not all there.
    pub(crate) fn read(&self, offset: usize, to: &mut [u8]) -> bool {
        let map = self.map.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if offset.checked_add(to.len()).is_none_or(|end| end > map.length) {
            return false;
        }
        // SAFETY: within the mapping as just checked; the client may change the bytes meanwhile, so they are copied
        // through raw pointers and no reference to them is ever made.
        unsafe { std::ptr::copy_nonoverlapping(map.start.add(offset), to.as_mut_ptr(), to.len()) };
        true
    }
}

/// What a `wl_buffer` is.
pub(crate) enum Buffer {
    Shm {
        pool: std::sync::Arc<Pool>,
        offset: usize,
        width: i32,
        height: i32,
        stride: usize,
    },
    /// One pixel of one colour, as BGRA.
    Pixel([u8; 4]),
    /// Not usable; attaching it shows nothing.
    Refused,
}

impl Buffer {
    /// Checks what a client says of a buffer: 32-bit pixels, rows that fit.
    pub(crate) fn new(pool: std::sync::Arc<Pool>, offset: i32, width: i32, height: i32, stride: i32) -> Buffer {
        const SIDE: std::ops::RangeInclusive<i32> = 1..=8192;
        let fits = SIDE.contains(&width) && SIDE.contains(&height) && stride >= width * 4;
        match (usize::try_from(offset), usize::try_from(stride)) {
            (Ok(offset), Ok(stride)) if fits => Buffer::Shm { pool, offset, width, height, stride },
            _ => Buffer::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn file(length: usize) -> OwnedFd {
        let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC | nix::sys::memfd::MFdFlags::MFD_ALLOW_SEALING;
        let fd = nix::sys::memfd::memfd_create("test", flags).unwrap();
        nix::unistd::ftruncate(&fd, length as i64).unwrap();
        fd
    }

    #[test]
    fn a_pool_is_no_larger_than_its_file_and_never_shrinks() {
        assert!(Pool::new(file(100), 101).is_none());
        assert!(Pool::new(file(100), 0).is_none());
        assert!(Pool::new(file(100), -1).is_none());
        assert!(Pool::new(file(100), i32::MAX).is_none());
        assert!(Pool::new(std::fs::File::open("/proc/self/stat").unwrap().into(), 10).is_none(), "not memory");
        let fd = file(100);
        let pool = Pool::new(fd.try_clone().unwrap(), 100).unwrap();
        assert!(nix::unistd::ftruncate(&fd, 50).is_err(), "sealed by us");
        assert!(!pool.resize(200) && !pool.resize(50));
        nix::unistd::ftruncate(&fd, 200).unwrap();
        assert!(pool.resize(200));
        let mut bytes = [1; 10];
        assert!(pool.read(190, &mut bytes) && bytes == [0; 10]);
        assert!(!pool.read(191, &mut bytes) && !pool.read(usize::MAX, &mut bytes));
    }

    #[test]
    fn buffers_that_lie_are_refused() {
        let pool = Arc::new(Pool::new(file(4096), 4096).unwrap());
        for (offset, width, height, stride, taken) in [
            (0, 32, 32, 128, true),
            (-1, 32, 32, 128, false),
            (0, 0, 32, 128, false),
            (0, 32, -32, 128, false),
            (0, 32, 32, 127, false),
            (0, i32::MAX, 1, i32::MAX, false),
            (0, 8192, 1, i32::MIN, false),
        ] {
            let buffer = Buffer::new(pool.clone(), offset, width, height, stride);
            assert_eq!(matches!(buffer, Buffer::Shm { .. }), taken, "{offset} {width} {height} {stride}");
        }
    }
}
