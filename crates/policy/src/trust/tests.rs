use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use super::*;

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OTHER: &str = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("aegis.toml"), "").unwrap();
        Fixture { dir }
    }
    fn state(&self) -> PathBuf {
        self.dir.path().join("state/aegis")
    }
    fn policy(&self) -> PathBuf {
        self.dir.path().join("aegis.toml")
    }
    fn store(&self) -> TrustStore {
        TrustStore::open(&self.state()).unwrap()
    }
    fn trusted(&self, hash: &str) -> Result<bool, TrustError> {
        self.store().is_trusted(&self.policy(), hash)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn trusts_one_hash_of_one_path_until_it_is_revoked() {
    let f = Fixture::new();
    assert!(!f.trusted(HASH).unwrap());
    f.store().record(&f.policy(), HASH).unwrap();
    assert!(f.trusted(HASH).unwrap());
    assert!(!f.trusted(OTHER).unwrap());
    assert!(!f.store().is_trusted(&f.dir.path().join("state/aegis.toml"), HASH).unwrap());
    f.store().record(&f.policy(), OTHER).unwrap();
    assert!(!f.trusted(HASH).unwrap(), "a new hash replaces the old one");
    assert!(f.trusted(OTHER).unwrap());
    assert!(f.store().revoke(&f.policy()).unwrap());
    assert!(!f.store().revoke(&f.policy()).unwrap());
    assert!(!f.trusted(OTHER).unwrap());
}

#[test]
fn a_gone_policy_can_be_revoked() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    fs::remove_file(f.policy()).unwrap();
    assert!(f.store().revoke(&f.policy()).unwrap());
}

#[test]
fn is_private_and_leaves_nothing_else() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    assert_eq!(mode(&f.state()), 0o700);
    assert_eq!(mode(&f.state().join(STORE)), 0o600);
    let mut names: Vec<_> = fs::read_dir(f.state()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [STORE, LOCK]);
}

#[test]
fn what_others_could_have_written_is_refused() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    for bits in [0o620, 0o602, 0o666] {
        set_mode(&f.state().join(STORE), bits);
        assert!(matches!(f.trusted(HASH), Err(TrustError::Refused { .. })), "{bits:o}");
        assert!(matches!(f.store().record(&f.policy(), OTHER), Err(TrustError::Refused { .. })), "{bits:o}");
    }
    set_mode(&f.state().join(STORE), 0o600);
    assert!(f.trusted(HASH).unwrap());
    let open = f.store();
    set_mode(&f.state(), 0o777);
    assert!(matches!(TrustStore::open(&f.state()), Err(TrustError::Refused { .. })));
    assert!(matches!(open.is_trusted(&f.policy(), HASH), Err(TrustError::Refused { .. })), "also when it became so later");
}

#[test]
fn another_owner_is_refused() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    let somebody = TrustStore { dir: f.state(), uid: rustix::process::geteuid().as_raw() + 1 };
    assert!(matches!(somebody.is_trusted(&f.policy(), HASH), Err(TrustError::Refused { .. })));
    if chown(f.state().join(STORE), Some(4242), None).is_ok() {
        assert!(matches!(f.trusted(HASH), Err(TrustError::Refused { .. })));
    }
}

#[test]
fn a_link_in_place_of_the_store_is_not_followed() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    let elsewhere = f.dir.path().join("elsewhere");
    fs::rename(f.state().join(STORE), &elsewhere).unwrap();
    symlink(&elsewhere, f.state().join(STORE)).unwrap();
    assert!(matches!(f.trusted(HASH), Err(TrustError::Io { .. })));
    fs::remove_file(f.state().join(STORE)).unwrap();
    fs::create_dir(f.state().join(STORE)).unwrap();
    assert!(matches!(f.trusted(HASH), Err(TrustError::Refused { .. })));
}

#[test]
fn a_damaged_store_trusts_nothing_and_is_not_overwritten() {
    let f = Fixture::new();
    f.store().record(&f.policy(), HASH).unwrap();
    let good = fs::read_to_string(f.state().join(STORE)).unwrap();
    for bad in
        ["x\n".to_owned(), format!("{good}{good}"), good.replace("sha256", "sha"), format!("{good}\n"), good[..good.len() / 2].to_owned()]
    {
        fs::write(f.state().join(STORE), &bad).unwrap();
        assert!(matches!(f.trusted(HASH), Err(TrustError::Damaged { .. })), "{bad}");
        assert!(f.store().record(&f.policy(), OTHER).is_err());
        assert_eq!(fs::read_to_string(f.state().join(STORE)).unwrap(), bad);
    }
}

#[test]
fn only_hashes_are_recorded() {
    let f = Fixture::new();
    for bad in ["", "abc", &HASH.to_uppercase(), &format!("{HASH}0")] {
        assert!(matches!(f.store().record(&f.policy(), bad), Err(TrustError::Hash)));
    }
}

#[test]
fn records_made_at_the_same_time_are_all_kept() {
    let f = Fixture::new();
    f.store();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let f = &f;
            scope.spawn(move || f.store().record(&f.dir.path().join(format!("p{n}.toml")), HASH).unwrap());
        }
    });
    for n in 0..8 {
        assert!(f.store().is_trusted(&f.dir.path().join(format!("p{n}.toml")), HASH).unwrap());
    }
}
