//! Somebody who may not.

use edge::auth::Role;
use laws::with_query;
use testing::Person;

use crate::campaign::{Attack, Target, with_body};
use crate::verdict::Expect;

const HIDDEN: Expect = Expect::Status(&[403, 404]);

pub fn attacks(target: &Target) -> Vec<Attack> {
    let Target { app, subject, scene } = target;
    let own = scene.victim.id.to_string();
    let mut attacks = Vec::new();
    let mut add = |kind, label: String, call, expect| attacks.push(Attack { kind, label, call, expect });

    if subject.is_public() {
        return attacks;
    }
    let root = subject.function.root;
    for prefix in root.prefixes() {
        let path = subject.path(&own);
        let path = [prefix, path.strip_prefix(root.prefix()).unwrap_or(&path)].concat();
        let call = with_body(subject, app.call(subject.endpoint.method, &path), subject.sample_body());
        add("anonymous caller", format!("below {prefix}"), call, Expect::Status(&[401]));
    }
    let with = |person: &Person, path: &str| {
        with_body(subject, app.call(subject.endpoint.method, path).by(person), subject.sample_body())
    };
    if subject.is_signed() {
        for role in [Role::User, Role::Admin] {
            let label = format!("an access token of a {}", role.name());
            add(
                "anonymous caller",
                label,
                with_body(
                    subject,
                    app.call(subject.endpoint.method, &subject.path(&own)).token(&scene.somebody(role).token(testing::now())),
                    subject.sample_body(),
                ),
                Expect::Status(&[401]),
            );
        }
        return attacks;
    }
    for (why, person, status) in &scene.outcasts {
        let expect = match (subject.endpoint.sql, *status) {
            // What needs no data looks nobody up: the token's few minutes are all there is.
            (0, _) => Expect::Harmless,
            (_, 403) => Expect::Status(&[403, 422]),
            _ => Expect::Status(&[401, 422]),
        };
        let kind = if *why == "banned" { "banned person" } else { "session that has ended" };
        add(kind, (*why).to_owned(), with(person, &subject.path(&person.id.to_string())), expect);
    }
    for role in roles_below(subject.rank()) {
        let call = with(&scene.somebody(role), &subject.path(&own));
        add("role that does not suffice", role.name().to_owned(), call, Expect::Status(&[403]));
    }
    if matches!(subject.endpoint.caller, "Person" | "OwnerOrAdmin") {
        for (kind, role) in [("stranger", Role::User), ("manager of others", Role::Manager)] {
            for path in paths_of_the_victim(target) {
                let expect = if subject.names_a_row() { HIDDEN } else { Expect::Harmless };
                add(kind, path.clone(), with(&scene.somebody(role), &path), expect);
            }
            let path = with_query(&subject.path(&scene.victim.id.to_string()), "user_id", &own);
            add(kind, "the victim's id in the query".to_owned(), with(&scene.somebody(role), &path), Expect::Harmless);
        }
    }
    attacks
}

/// Who must not get through to an endpoint of these callers.
fn roles_below(caller: &str) -> Vec<Role> {
    match caller {
        "Person" | "OwnerOrAdmin" => Vec::new(),
        "Manager" => vec![Role::User],
        _ => vec![Role::User, Role::Manager],
    }
}

/// The endpoint's path with every id that the victim's rows have.
fn paths_of_the_victim(target: &Target) -> Vec<String> {
    let Target { subject, scene, .. } = target;
    let mut paths: Vec<String> = scene
        .ids
        .iter()
        .map(|id| subject.path(&id.to_string()))
        .chain(scene.numbers.iter().map(|number| {
            let victim = scene.victim.id.to_string();
            subject
                .complete(subject.path_with(|kind| if kind == "integer" { number.to_string() } else { victim.clone() }), &victim)
        }))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}
