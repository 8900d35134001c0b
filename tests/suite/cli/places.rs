//! What is wrong in `sortie.toml` and in plans is told with its line and column.

use crate::env::{Outcome, TestEnv, transcript};

fn project() -> TestEnv {
    let env = TestEnv::empty();
    env.write("src/main.rs", "fn main() {}\n");
    env
}

fn config(env: &TestEnv, text: &str) -> Outcome {
    env.write("sortie.toml", text);
    let mut outcome = env.run("ctx check-bounds --files src");
    outcome.rename(format!("sortie ctx check-bounds --files src < {text:?}"));
    outcome
}

fn plan(env: &TestEnv, text: &str) -> Outcome {
    env.write("plan.toml", text);
    let mut outcome = env.run("ctx plan plan.toml");
    outcome.rename(format!("sortie ctx plan < {text:?}"));
    outcome
}

#[test]
fn a_configuration_is_told_by_line_and_column() {
    let env = project();
    let wrong = [
        "\nwarn = 75\n",
        "critical = 0.5\nwarn = 0.6\n",
        "[models.x]\nwindow = true\n",
        "[estimates.x]\nrust = 99\n",
        "[estimates.x]\nrst = 1\n",
        "[estimates.x]\nrust = [1]\n",
        "model = 'nonsense'\n",
        "model = 'Mine'\n\n[models.mine]\nwindow = '10k'\n",
        "model = 'mine'\n[models.mine]\nwindow = '10k'\ntokenizer = 'words'\n",
        "[models.sonnet]\nestimate = 'guess'\n",
        "ignore = ['*.lock', 'a{']\n",
        "budget = \n",
    ];
    let outcomes = wrong.map(|text| config(&env, text));
    for outcome in &outcomes {
        assert_eq!(outcome.status, Some(2), "{outcome}");
        assert!(outcome.err().contains("sortie.toml:"), "{outcome}");
    }
    snapshot!("configurations", transcript(&outcomes));
}

#[test]
fn a_plan_is_told_by_line_and_column() {
    let env = project();
    let wrong = [
        "",
        "scope = 's'\n",
        "scope = 's'\nagents = []\n",
        "scope = 's'\n[[agents]]\nname = 'x'\n",
        "scope = 's'\n[[agents]]\nagent_type = 'x'\n[[agents]]\nagent_type = 'x'\nname = 'a/b'\n",
        "scope = 's'\nagents = [{ agent_type = 'a/b' }]\n",
        "scope = 's'\n[[agents]]\nagent_type = \"a\\u0007\"\n",
    ];
    let outcomes = wrong.map(|text| plan(&env, text));
    for outcome in &outcomes {
        assert_eq!(outcome.status, Some(2), "{outcome}");
        assert!(outcome.err().contains("plan.toml:"), "{outcome}");
    }
    snapshot!("plans", transcript(&outcomes));
}
