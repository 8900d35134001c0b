//! Which kind of file system the history lies on. Over a network, locks and the memory that processes
//! share are not what SQLite counts on.

use std::path::Path;

/// The name of the file system, if other machines may write it, too.
pub(super) fn far(path: &Path) -> Option<&'static str> {
    kind(path).and_then(name)
}

/// What the system calls it by.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn kind(path: &Path) -> Option<u32> {
    // They are numbers of 32 bits, in fields of other widths.
    rustix::fs::statfs(path).ok().map(|found| found.f_type as u32)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn kind(_: &Path) -> Option<u32> {
    None
}

/// The numbers are those of statfs(2).
fn name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x6969 => "NFS",
        0x517b => "SMB",
        0xff53_4d42 => "CIFS",
        0xfe53_4d42 => "SMB 2",
        0x0102_1997 => "9P",
        0x6573_5546 => "FUSE",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x7461_636f => "OCFS2",
        0x0116_1970 => "GFS2",
        0x7375_7245 => "Coda",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_is_known_by_its_number() {
        let (nfs, fuse, ext4, tmpfs) = (0x6969, 0x6573_5546, 0xef53, 0x0102_1994);
        assert_eq!([nfs, fuse, ext4, tmpfs].map(name), [Some("NFS"), Some("FUSE"), None, None]);
        assert_eq!(far(Path::new("/nowhere/at/all")), None);
    }
}
