//! What deployments used and what that cost: summed as it is, and told.

#[cfg(feature = "mcp")]
use super::world::asked;
use crate::env::TestEnv;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
#[cfg(feature = "mcp")]
use serde_json::json;
use sortie::Workspace;
use sortie::history::{Figures, Group, Observation, Sighting, Stats, StatsBy, StatsFilter};
use sortie::model::{Call, Delivery, Evidence, Markers, Timestamp, TranscriptSeen, Usage};
use sortie::workspace::Options;
use std::collections::BTreeMap;

/// A deployment that a harness told of.
#[derive(Debug, Clone)]
struct Told {
    id: String,
    agent: &'static str,
    model: Option<&'static str>,
    session: &'static str,
    day: u32,
    requests: Vec<Usage>,
    reported: Option<u64>,
}

fn used(input: u64, written: u64, read: u64, output: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: read,
        cache_write_tokens: written,
        cache_write_1h_tokens: 0,
    }
}

fn workspace(env: &TestEnv) -> Workspace {
    let mut options = Options::new(env.project());
    options.project_root = Some(env.project());
    options.database = Some(env.database());
    options.now = "2026-10-05T12:00:00Z".parse().ok();
    Workspace::open(options).unwrap()
}

impl Told {
    fn at(&self) -> Timestamp {
        format!("2026-10-{:02}T10:00:00Z", self.day).parse().unwrap()
    }

    fn sighting(&self) -> Sighting {
        let (at, model) = (self.at(), self.model.map(str::to_owned));
        let call = Call {
            at,
            prompt: None,
            description: Some(format!("Task {}", self.id)),
            agent_type: Some(self.agent.to_owned()),
            model: model.clone(),
            base_commit: None,
            markers: Markers::default(),
            tokens: 100,
            tokens_upper: 100,
            tokens_exact: true,
        };
        let delivery = self.reported.map(|reported| Delivery {
            at: at.plus_millis(60_000),
            success: true,
            text: None,
            error: None,
            usage: None,
            reported_tokens: Some(reported),
            tool_uses: None,
            duration_ms: None,
        });
        let requests: BTreeMap<String, Usage> =
            self.requests.iter().enumerate().map(|(at, it)| (format!("m{at}"), *it)).collect();
        let transcript = (!requests.is_empty()).then(|| TranscriptSeen {
            bytes: 10,
            first_at: Some(at),
            last_at: Some(at.plus_millis(60_000)),
            prompt: None,
            title: None,
            tokens: 0,
            tokens_upper: 0,
            tokens_exact: true,
            last_message: None,
            ended: true,
            unanswered: None,
            model,
            requests,
            tool_uses: 0,
            attachments: Vec::new(),
        });
        Sighting {
            harness: "claude-code".to_owned(),
            harness_session_id: self.session.to_owned(),
            tool_use_id: Some(self.id.clone()),
            agent_id: None,
            parent_agent_id: None,
            at,
            evidence: Evidence {
                call: Some(call),
                deliveries: delivery.map(|it| ("nothing".to_owned(), it)).into_iter().collect(),
                transcript,
                ..Evidence::default()
            },
        }
    }
}

fn tell(workspace: &Workspace, told: &[Told]) {
    let sightings = told.iter().map(Told::sighting).collect();
    let seen = Observation { sightings, ..Observation::default() };
    workspace.history().observe(&seen).unwrap();
}

/// Six deployments in two sessions: of four it is known what they used, of one only what was reported,
/// of one nothing.
fn recorded() -> TestEnv {
    let mut env = TestEnv::empty();
    let workspace = workspace(&env);
    let told = |id: &str, agent, model, day, requests: &[Usage], reported| Told {
        id: id.to_owned(),
        agent,
        model,
        session: if day == 1 { "first" } else { "second" },
        day,
        requests: requests.to_vec(),
        reported,
    };
    let large = [used(310, 80_000, 0, 1_748), used(96, 12_404, 188_000, 30_610)];
    let small = [used(4, 200, 0, 30), used(10, 0, 60, 20)];
    tell(
        &workspace,
        &[
            told("t-1", "implementor", Some("claude-sonnet-4-5"), 1, &large, Some(30_610)),
            told("t-2", "reviewer", Some("claude-haiku-4-5-20251001"), 1, &small, Some(90)),
            told("t-3", "reviewer", Some("claude-haiku-4-5-20251001"), 2, &small, None),
            told("t-4", "explorer", Some("mystery-2"), 2, &[used(500, 0, 0, 5)], Some(505)),
            told("t-5", "explorer", Some("claude-haiku-4-5"), 2, &[], Some(1_200)),
        ],
    );
    env.at("2026-10-03T10:00:00Z").ok("track init-session --scope 'By hand' --session-id third");
    env.ok(
        "track init-deployment --session-id third --execution-id by-hand --agent-type reviewer \
            --scope 'Review it' --context-token-count 1k",
    );
    env
}

#[test]
fn what_each_kind_of_agent_costs() {
    let env = recorded();
    snapshot!("stats", env.run("track stats"));
    snapshot!("stats_markdown", env.run("track stats --by model --format markdown"));
    snapshot!("stats_json", env.run("track stats --limit 1 --format json"));
    snapshot!("stats_csv", env.run("track stats --by session --format csv"));
    snapshot!("stats_of_a_day", env.run("track stats --by day --since 2026-10-03"));
    snapshot!("stats_of_reports_only", env.run("track stats --model claude-haiku-4-5"));
    env.write("sortie.toml", "[models.mystery-2]\nprice = { input = 3, output = 15 }\n");
    snapshot!("stats_own_price", env.run("track stats --agent-type explorer"));
    snapshot!("stats_own_and_others", env.run("track stats --session-id second"));
}

#[test]
fn what_a_session_and_each_deployment_cost() {
    let env = recorded();
    snapshot!("timeline", env.run("track timeline first"));
    snapshot!("timeline_json", env.run("track timeline second --format json"));
    snapshot!("timeline_by_hand", env.run("track timeline third"));
    snapshot!("query", env.run("track query --usage"));
    snapshot!("query_markdown", env.run("track query --usage --limit 2 --format markdown"));
    snapshot!("query_json", env.run("track query --usage --limit 2 --after t-4 --format json"));
    snapshot!("query_csv", env.run("track query --usage --session-id second --format csv"));
}

/// The server's figures are the command line's.
#[cfg(feature = "mcp")]
#[test]
fn the_server_tells_the_same() {
    let env = recorded();
    let mut seen = String::new();
    for (tool, arguments, line) in [
        ("stats", json!({ "by": "session" }), "track stats --by session"),
        ("query", json!({ "usage": true, "limit": 2 }), "track query --usage --limit 2"),
    ] {
        let answer = asked(&env, tool, arguments);
        let command = env.ok(&format!("{line} --format json")).json();
        assert_eq!(answer["structuredContent"]["result"], command, "{tool}");
        seen += answer["content"][0]["text"].as_str().unwrap();
    }
    snapshot!("server", seen);
}

fn groups(workspace: &Workspace, by: StatsBy, filter: &StatsFilter) -> Stats {
    match workspace.history().stats(by, filter, 0).unwrap() {
        Figures::Groups(stats) => stats,
        Figures::Sources(_) => panic!("{by:?}"),
    }
}

/// What must add up.
fn counts(of: &Group) -> [u64; 10] {
    let it = of.usage.clone().unwrap_or_default();
    let tokens = &it.tokens;
    [
        of.runs,
        it.usage_known,
        it.usage_reported_only,
        it.requests,
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.cache_read_tokens,
        tokens.cache_write_tokens,
        it.used_tokens,
        it.reported_tokens.unwrap_or(0),
    ]
}

fn cost_of(of: &Group) -> Option<f64> {
    of.usage.as_ref().and_then(|it| it.cost_usd)
}

fn told() -> impl Strategy<Value = Vec<Told>> {
    let tokens = prop_oneof![Just(0u64), 1..500u64, 1..2_000_000u64];
    let usage = (tokens.clone(), tokens.clone(), tokens.clone(), tokens)
        .prop_map(|(input, written, read, output)| used(input, written, read, output));
    let agent = prop_oneof![Just("reviewer"), Just("implementor"), Just("explorer")];
    let model = prop_oneof![Just("claude-haiku-4-5"), Just("claude-sonnet-4-5"), Just("mystery-2")];
    let session = prop_oneof![Just("first"), Just("second")];
    let one =
        (agent, option::of(model), session, 1..4u32, vec(usage, 0..4), option::of(0..90_000u64));
    vec(one, 0..12).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(at, (agent, model, session, day, requests, reported))| Told {
            id: format!("t-{at}"),
            agent,
            model,
            session,
            day,
            requests,
            reported,
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever they are told apart by, the groups are the whole, and the whole is what each shows.
    #[test]
    fn groups_add_up_to_the_whole(told in told()) {
        let env = TestEnv::empty();
        let workspace = workspace(&env);
        tell(&workspace, &told);
        let history = workspace.history();
        let everything = StatsFilter::default();
        let mut whole = None;
        for by in [StatsBy::AgentType, StatsBy::Model, StatsBy::Session, StatsBy::Template, StatsBy::Day] {
            let stats = groups(&workspace, by, &everything);
            let sum = stats.groups.iter().map(counts).fold([0; 10], |sum, it| std::array::from_fn(|at| sum[at] + it[at]));
            prop_assert_eq!(sum, counts(&stats.total), "{:?}", by);
            let cost = |group: &Group| cost_of(group).unwrap_or(0.0);
            let cost_sum = stats.groups.iter().map(cost).sum::<f64>();
            prop_assert!((cost_sum - cost(&stats.total)).abs() < 1e-5, "{:?}", by);
            prop_assert_eq!(*whole.get_or_insert(sum), sum, "{:?}", by);
            for group in stats.groups.iter().filter(|_| by == StatsBy::AgentType) {
                let of_it = StatsFilter { agent_type: group.name.clone(), ..everything.clone() };
                let alone = groups(&workspace, StatsBy::Day, &of_it).total;
                prop_assert_eq!(counts(&alone), counts(group));
                prop_assert_eq!(cost_of(&alone), cost_of(group));
            }
        }
        let (mut each, mut cost) = ([0u64; 10], 0.0);
        for it in &told {
            let shown = history.show(&history.find(&it.id).unwrap()).unwrap();
            let capture = shown.capture.unwrap();
            each[0] += 1;
            cost += capture.cost.map_or(0.0, |it| it.usd);
            let Some(usage) = capture.usage else { continue };
            let is_known = !usage.tokens.is_zero();
            each[1] += u64::from(is_known);
            each[2] += u64::from(!is_known);
            each[3] += usage.requests;
            each[4] += usage.tokens.input_tokens;
            each[5] += usage.tokens.output_tokens;
            each[6] += usage.tokens.cache_read_tokens;
            each[7] += usage.tokens.cache_write_tokens;
            each[8] += usage.tokens.total();
            each[9] += usage.reported_tokens.filter(|_| is_known).unwrap_or(0);
        }
        prop_assert_eq!(each, whole.unwrap());
        let total = groups(&workspace, StatsBy::Day, &everything).total;
        prop_assert!((cost - cost_of(&total).unwrap_or(0.0)).abs() < 1e-5);
    }
}
