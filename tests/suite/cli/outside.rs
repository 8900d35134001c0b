//! What a repository brings must not lead out of the project.

use crate::env::TestEnv;

#[cfg(unix)]
#[test]
fn templates_in_a_directory_that_leads_out_are_refused() {
    let env = TestEnv::new();
    std::fs::create_dir(env.beside("theirs")).unwrap();
    std::fs::write(env.beside("theirs/briefing.md.hbs"), "somebody else's").unwrap();
    std::fs::create_dir_all(env.path(".sortie")).unwrap();
    std::os::unix::fs::symlink(env.beside("theirs"), env.path(".sortie/templates")).unwrap();
    let prepare = "ctx prepare-bundle --agent-type a --scope s --files lib --quiet";
    snapshot!("templates_lead_out", env.run(prepare));
    // One that stays inside is the project's own business.
    std::fs::remove_file(env.path(".sortie/templates")).unwrap();
    std::fs::create_dir(env.path(".sortie/ours")).unwrap();
    env.write(".sortie/ours/briefing.md.hbs", "ours");
    std::os::unix::fs::symlink("ours", env.path(".sortie/templates")).unwrap();
    env.ok(prepare);
}
