//! A loaded policy.

use std::path::{Path, PathBuf};

use crate::access::{Access, Capability};
use crate::decide::layer::{self, Layer, Surroundings};
use crate::decide::path_rules::PathKind;
use crate::decision::Verdict;
use crate::load::{self, Finder};
use crate::load_error::{LoadCode, LoadError};
use crate::merged::{Lists, Merged, Settings, SourceFile, ToolHint, Weakening};
use crate::pattern::RequestUrl;
use crate::question::Question;
use crate::rule::{Rule, Text};

/// A policy file with all it inherits, ready to judge. Made by loading only.
#[derive(Debug)]
pub struct Policy {
    pub(crate) layers: Vec<Layer>,
    /// Names of the atoms of all layers.
    pub(crate) atoms: Vec<Text>,
    pub(crate) settings: Settings,
    files: Vec<SourceFile>,
    weakened: Vec<Weakening>,
    notes: Vec<crate::merged::Note>,
    lists: Lists,
    trust_hash: String,
}

/// A project's policy as `aegis.toml` has it.
#[derive(Debug)]
pub enum ProjectPolicy {
    /// It counts in full.
    Trusted(Box<Policy>),
    /// It can only tighten another policy.
    Untrusted(Untrusted),
}

/// A project's policy that nobody trusted. It answers nothing by itself.
#[derive(Debug)]
pub struct Untrusted(Box<Merged>);

impl Untrusted {
    /// The hash that `aegis trust` would record.
    #[must_use]
    pub fn trust_hash(&self) -> &str {
        &self.0.trust_hash
    }

    /// What relative paths of its project start from.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.settings.root
    }
}

impl Policy {
    /// Loads a policy file and all it inherits.
    ///
    /// # Errors
    /// A [`LoadError`] with file, line and column: broken TOML, an unknown key, an unusable pattern, a file that others may
    /// write, an entry that can never match, a policy that grants write on itself.
    pub fn load(path: &Path, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        Policy::compile(load::load_file(path, finder)?, finder, around)
    }

    /// Compiles policy text as if it stood in a file of that name in the directory `base`.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn from_text(name: &str, text: &str, base: &Path, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        Policy::compile(load::load_text(name, text, base, finder)?, finder, around)
    }

    /// Loads a project's policy: in full if `is_trusted` says so of its canonical path and the hash of the very bytes that are
    /// used; else it can only tighten another policy.
    ///
    /// # Errors
    /// As [`Policy::load`], without any of the file's text where it is not trusted.
    pub fn for_project(
        path: &Path,
        finder: &Finder,
        around: &Surroundings,
        is_trusted: impl FnOnce(&Path, &str) -> bool,
    ) -> Result<ProjectPolicy, LoadError> {
        let project = load::load_project(path, finder, is_trusted)?;
        if project.trusted {
            return Policy::compile(project.merged, finder, around).map(|p| ProjectPolicy::Trusted(Box::new(p)));
        }
        Ok(ProjectPolicy::Untrusted(Untrusted(Box::new(project.merged))))
    }

    /// What holds where no policy is trusted: the preset `secure-defaults`, which grants nothing.
    ///
    /// # Errors
    /// None in a released program; the preset is part of it.
    pub fn built_in(root: &Path, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        Policy::from_text("built-in policy", "version = 1\ninherits = \"secure-defaults\"\n", root, finder, around)
    }

    fn compile(merged: Merged, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        let mut atoms = Vec::new();
        let layer = layer::compile(&merged, finder.home(), around, &mut atoms)?;
        let policy = Policy {
            layers: vec![layer],
            atoms,
            settings: merged.settings,
            files: merged.files,
            weakened: merged.weakened,
            notes: merged.notes,
            lists: merged.lists,
            trust_hash: merged.trust_hash,
        };
        policy.refuse_self_grant(around)?;
        Ok(policy)
    }

    /// Adds a project's policy that is not trusted: it can only make decisions stricter. Relative paths of scripts start at the
    /// project's root from then on.
    ///
    /// # Errors
    /// A [`LoadError`] without any of the file's text.
    pub fn tightened_by(mut self, project: Untrusted, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        let merged = *project.0;
        let layer = layer::compile(&merged, finder.home(), around, &mut self.atoms).map_err(LoadError::without_text)?;
        self.layers.push(layer);
        self.settings.tighten(&merged.settings);
        self.files.extend(merged.files);
        Ok(self)
    }

    /// Everything in the policy that is not a list.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What relative paths start from: absolute, canonical.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.settings.root
    }

    /// The files and presets it was made from, its own file first.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// What its own files took away from presets or loosened.
    #[must_use]
    pub fn weakened(&self) -> &[Weakening] {
        &self.weakened
    }

    /// Lower-case hex SHA-256 over the file and all it inherits: what trust is given to.
    #[must_use]
    pub fn trust_hash(&self) -> &str {
        &self.trust_hash
    }

    /// Notes for the operator that are no errors.
    #[must_use]
    pub fn notes(&self) -> &[crate::merged::Note] {
        &self.notes
    }

    /// All rules, list by list.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.lists.rules().map(|r| &**r)
    }

    pub(crate) const fn lists(&self) -> &Lists {
        &self.lists
    }

    /// `[tools]`.
    #[must_use]
    pub const fn tools(&self) -> &std::collections::BTreeMap<String, ToolHint> {
        &self.lists.tools
    }

    /// Whether some list grants this capability for something.
    #[must_use]
    pub fn has_capability(&self, capability: Capability) -> bool {
        self.layers.iter().all(|l| l.has_capability(capability))
    }

    /// Whether a `[[flow]]` says where the value of this variable may go, so that it is a secret even where no list opens it.
    #[must_use]
    pub fn is_secret_variable(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.flow_vars.contains_key(name))
    }

    /// Whether any list is local-only: only then do values carry labels.
    #[must_use]
    pub fn has_local_only(&self) -> bool {
        self.layers.iter().any(|l| {
            !l.local_only_vars.is_empty()
                || !l.local_only_hosts.is_empty()
                || !l.local_only_commands.is_empty()
                || l.paths.has(&[PathKind::LocalRead, PathKind::LocalWrite])
                || (!l.flow_vars.is_empty() && !l.allow_vars.is_empty())
        })
    }

    /// Literal paths of deny and local-only lists. A hard link to one of them counts as it.
    pub fn literal_guarded(&self) -> impl Iterator<Item = &Path> {
        self.layers.iter().flat_map(|l| l.paths.literal_guarded().iter())
    }

    /// Whether labelled data may go to this host over plain HTTP (`allow_plain_http`). A project's policy that only tightens has no say.
    #[must_use]
    pub fn allows_plain_http(&self, url: &RequestUrl) -> bool {
        self.layers.first().is_some_and(|l| l.plain_http_hosts.first_match(url).is_some())
    }

    /// Whether the operator vouches that this host does not send back what it was sent (`no_echo_hosts`).
    /// A project's policy that only tightens has no say.
    #[must_use]
    pub fn vouches_no_echo(&self, url: &RequestUrl) -> bool {
        self.layers.first().is_some_and(|l| l.no_echo_hosts.first_match(url).is_some())
    }

    /// The line of the last entry of this list in the own file.
    pub(crate) fn line_of_list(&self, list: &str) -> Option<u32> {
        let own = self.files.first()?;
        self.rules().filter(|rule| *rule.list == *list && *rule.file == *own.name).map(Rule::line).max()
    }

    /// A preset by itself, with its tests (a policy does not inherit those).
    ///
    /// # Errors
    /// [`LoadCode::UnknownPreset`]; else as [`Policy::load`].
    pub fn of_preset(name: &str, finder: &Finder, around: &Surroundings) -> Result<Policy, LoadError> {
        Policy::compile(load::load_preset(name, finder)?, finder, around)
    }

    /// Runs the `[[test]]` entries of this policy, and those of each preset it is made of, against that preset alone. Not part of
    /// loading: a run does not wait for it.
    ///
    /// # Errors
    /// [`LoadCode::FailedTest`], with the first failure of each in its words.
    pub fn check_tests(&self, finder: &Finder, around: &Surroundings) -> Result<usize, LoadError> {
        let failed = |file: &str, failures: Vec<String>| LoadError::new(LoadCode::FailedTest, &file.into(), failures.join("; "));
        let own = self.files.first().map_or("policy", |f| &*f.name);
        let mut passed = self.run_tests().map_err(|failures| failed(own, failures))?;
        let presets = self.files.iter().filter(|f| f.path.is_none()).filter_map(|f| f.name.strip_prefix("preset "));
        for preset in presets.filter(|preset| finder.has_preset(preset)) {
            let tests = Policy::of_preset(preset, finder, around)?.run_tests();
            passed += tests.map_err(|failures| failed(&format!("preset {preset}"), failures))?;
        }
        Ok(passed)
    }

    /// Runs the `[[test]]` entries of this policy.
    ///
    /// # Errors
    /// One line for each test whose answer is not the expected one.
    pub fn run_tests(&self) -> Result<usize, Vec<String>> {
        let mut failures = Vec::new();
        for test in &self.lists.tests {
            let access = test.entry.rule.pattern();
            match Question::read(access, self.root()) {
                Err(e) => failures.push(format!("{}: {e}", test.entry.rule.place())),
                Ok(question) => {
                    let verdict = self.decide(&question.access()).verdict();
                    if verdict != test.expect {
                        failures.push(format!("{}: {access} is {verdict}, expected {}", test.entry.rule.place(), test.expect));
                    }
                }
            }
        }
        if failures.is_empty() { Ok(self.lists.tests.len()) } else { Err(failures) }
    }

    /// Refuses a policy whose lists grant write or delete on the policy itself, its journal or their keys. The control files
    /// forbid it anyway; a list that says otherwise is a mistake the operator should see.
    fn refuse_self_grant(&self, around: &Surroundings) -> Result<(), LoadError> {
        let own = self.files.iter().filter_map(|f| f.path.as_deref());
        let journal = [&self.settings.audit_path, &self.settings.audit_key].into_iter().flatten().map(PathBuf::as_path);
        let paths: Vec<&Path> = own.chain(journal).chain(around.sealed.iter().map(PathBuf::as_path)).collect();
        let Some((path, rule)) = self.layers.iter().find_map(|layer| layer.granted(paths.iter().copied())) else { return Ok(()) };
        let (list, pattern, path) = (rule.list(), rule.pattern(), path.display());
        let message = format!("{list} \"{pattern}\" grants write or delete on {path}, which no script may change; narrow the pattern");
        Err(LoadError::about(LoadCode::SelfGrant, &rule, message))
    }

    /// Whether a script may do at all what is asked here: `Allow` or `Ask`.
    #[must_use]
    pub fn permits(&self, access: &Access<'_>) -> bool {
        if let Access::Path { op, path } = access
            && !self.layers.iter().all(|layer| layer.may_grant(*op, path))
        {
            return false;
        }
        self.decide(access).verdict() != Verdict::Deny
    }
}
