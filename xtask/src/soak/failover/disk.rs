//! A small disk in memory, which can be full.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::output;

/// Its size: the databases of half an hour, their logs and the copy that a new standby begins as.
const SIZE: &str = "size=3g";

/// A mounted file system; dropping it unmounts it.
pub(super) struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// Mounts it on an empty directory; `None` where we may not.
    pub(super) fn mount(place: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "headwater-soak"]).arg(place);
        output(&mut mount).ok().map(|_| Self { place: place.to_owned() })
    }

    /// Fills it to the last byte.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::create(self.filler())?;
        let block = vec![1; 1024 * 1024];
        while file.write_all(&block).is_ok() {}
        let _ = file.write_all(&block[..4096]);
        Ok(())
    }

    pub(super) fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = output(Command::new("umount").arg("--lazy").arg(&self.place));
    }
}
