//! A project directory with the policy that `aegis init` writes, and names looked up in it as a run does.

use std::fs;
use std::path::{Path, PathBuf};

use aegis_policy::{Finder, Policy, Surroundings, lexical};
use aegis_shell::{Around, Dialect, Judgement, Lookup, judge_text};

pub const LANGUAGES: [&str; 5] = ["rust", "python", "node", "go", "ruby"];

/// What the rows of a language mention, and what lies in every project.
const FILES: [(&str, &[&str]); 5] = [
    (
        "rust",
        &[
            "Cargo.toml",
            "Cargo.lock",
            "CHANGELOG.md",
            "src/lib.rs",
            "src/main.rs",
            "src/util.rs",
            "tests/basic.rs",
            "docs/a.txt",
            "docs/b.txt",
            "crates/core/Cargo.toml",
            "crates/core/src/lib.rs",
            "crates/core/src/error.rs",
            "crates/cli/Cargo.toml",
            "crates/cli/src/lib.rs",
            "target/debug/project",
            "scripts/gen_tables.py",
        ],
    ),
    (
        "python",
        &[
            "pyproject.toml",
            "requirements.txt",
            "setup.cfg",
            "manage.py",
            "CHANGELOG.md",
            "db.sqlite3",
            "src/app/__init__.py",
            "src/app/api.py",
            "src/app/models.py",
            "src/app/helpers.py",
            "tests/conftest.py",
            "tests/test_api.py",
            "tests/test_models.py",
            "tests/fixtures/user.json",
            "scripts/generate_fixtures.py",
            "logs/app.log",
            ".venv/bin/activate",
            ".venv/bin/python",
            ".venv/bin/pytest",
        ],
    ),
    (
        "node",
        &[
            "package.json",
            "package-lock.json",
            "tsconfig.json",
            "src/index.js",
            "src/server.ts",
            "src/server.test.ts",
            "src/lib/util.ts",
            "tests/login.spec.ts",
            "scripts/build.js",
            "dist/index.js",
            "packages/web/package.json",
            "node_modules/react/package.json",
            "node_modules/.bin/tsc",
            "node_modules/@types/node/index.d.ts",
        ],
    ),
    (
        "go",
        &[
            "go.mod",
            "go.sum",
            "main.go",
            "Makefile",
            "cmd/server/main.go",
            "internal/parser/parser.go",
            "internal/parser/parser_test.go",
            "internal/parser/token.go",
            "testdata/input.bin",
            "bin/server",
        ],
    ),
    (
        "ruby",
        &[
            "Gemfile",
            "Gemfile.lock",
            "Rakefile",
            ".rubocop.yml",
            "app/models/user.rb",
            "app/models/order.rb",
            "app/controllers/users_controller.rb",
            "lib/parser.rb",
            "lib/helper.rb",
            "spec/models/user_spec.rb",
            "test/test_parser.rb",
            "config/routes.rb",
            "config/database.yml.example",
            "db/schema.rb",
            "db/migrate/20240101000000_create_users.rb",
            "log/test.log",
            "log/development.log",
            "scripts/seed.rb",
            "bin/rails",
            "bin/rspec",
        ],
    ),
];
const IN_EVERY: [&str; 4] = ["README.md", ".git/HEAD", ".git/config", ".gitignore"];

pub struct Project {
    /// Removed when the project is dropped.
    _directory: tempfile::TempDir,
    root: PathBuf,
    home: PathBuf,
    policy: Policy,
}

impl Project {
    pub fn new(lang: &str) -> Project {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().canonicalize().unwrap();
        let (root, home) = (base.join("work/project"), base.join("home"));
        let files = FILES.iter().find(|files| files.0 == lang).unwrap().1;
        for file in files.iter().chain(&IN_EVERY) {
            write(&root.join(file));
        }
        fs::create_dir_all(&home).unwrap();
        let finder = Finder::of_this_user().with_home(&home);
        let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/starters").join(format!("{lang}.toml"));
        let text = fs::read_to_string(starter).unwrap();
        let policy = Policy::from_text("aegis.toml", &text, &root, &finder, &Surroundings::default()).unwrap();
        Project { _directory: directory, root, home, policy }
    }

    /// Adds a file.
    #[allow(dead_code)]
    pub fn with(self, file: &str) -> Project {
        write(&self.root.join(file));
        self
    }

    /// `/srv/project` stands for the directory of the project.
    pub fn judge(&self, text: &str) -> Judgement {
        let text = text.replace("/srv/project", &self.root.to_string_lossy());
        judge_text(&self.policy, &text, Dialect::User, Around { cwd: &self.root, home: Some(&self.home), lookup: Some(&Disk) })
    }
}

fn write(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

/// Names as the disk has them. Programs stand for themselves: which ones are installed says nothing of a policy.
struct Disk;

impl Lookup for Disk {
    fn program(&self, word: &str, cwd: &Path) -> Option<PathBuf> {
        word.contains('/').then(|| self.leads_to(&cwd.join(word)).0)
    }

    fn leads_to(&self, path: &Path) -> (PathBuf, bool) {
        path.canonicalize().map_or_else(|_| (lexical(path), path.symlink_metadata().is_ok()), |real| (real, true))
    }

    fn names_in(&self, directory: &Path) -> Option<Vec<String>> {
        aegis_shell::names_in(directory)
    }
}
