//! The home directory of the user, from the user database.

use std::fs;
use std::path::PathBuf;

/// The home directory of the running user: from `/etc/passwd`, or `$HOME` where that has no entry for the user.
///
/// `$HOME` alone is not asked, since whoever sets the environment of an agent could choose another policy with it.
#[must_use]
pub fn home_dir() -> Option<PathBuf> {
    let database = fs::read_to_string("/etc/passwd").unwrap_or_default();
    home_of(&database, rustix::process::getuid().as_raw(), std::env::var_os("HOME").map(PathBuf::from))
}

fn home_of(database: &str, uid: u32, environment: Option<PathBuf>) -> Option<PathBuf> {
    let entry = database.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let is_user = fields.next()?.parse() == Ok(uid);
        // group, comment, home
        let home = fields.nth(2)?;
        is_user.then(|| PathBuf::from(home))
    });
    match entry {
        Some(home) => Some(home),
        None => environment,
    }
    .filter(|home| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_goes_before_the_environment() {
        let database = "root:x:0:0:root:/root:/bin/sh\nbad\nmia:x:1000:1000:Mia,,,:/home/mia:/bin/bash\nnohome:x:7:7:::\n";
        let env = |path: &str| Some(PathBuf::from(path));
        assert_eq!(home_of(database, 1000, env("/elsewhere")), env("/home/mia"));
        assert_eq!(home_of(database, 0, None), env("/root"));
        assert_eq!(home_of(database, 55, env("/home/ldap")), env("/home/ldap"));
        assert_eq!(home_of(database, 55, env("relative")), None);
        assert_eq!(home_of(database, 55, None), None);
        assert_eq!(home_of(database, 7, env("/elsewhere")), None);
    }
}
