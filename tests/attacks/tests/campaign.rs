use std::fs;
use std::path::Path;

use attacks::beyond;
use attacks::campaign::{Target, attack};
use attacks::scene::Scene;
use attacks::tables;
use attacks::tally::Tally;
use laws::subjects;
use testing::App;

#[tokio::test]
async fn nothing_gives_way_to_an_attack() {
    let _turn = crate::TURN.lock().await;
    let app = App::edge();
    let subjects = subjects();
    let scene = Scene::set(&app, &subjects).await;
    let mut tally = Tally::default();
    for subject in &subjects {
        let before = tally.attacks(None);
        attack(&Target { app: &app, subject, scene: &scene }, &mut tally).await;
        let attacks = tally.attacks(None) - before;
        assert!(attacks > 80, "{} is attacked {attacks} times only", subject.name());
    }
    beyond::call_the_clocks_functions(&app, &scene, &mut tally).await;
    beyond::bend_links(&app, &scene, &subjects, &mut tally).await;
    tables::attack(&scene, &mut tally).await;
    beyond::read_the_log(&scene, &mut tally);

    let table = tally.table(subjects.len(), scene.tables.len());
    fs::write(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/attacks.md")), &table).unwrap();
    println!("{table}");
    assert!(tally.breaches.is_empty(), "{} breaches:\n{}", tally.breaches.len(), tally.breaches.join("\n"));
    assert_eq!(tally.not_carried_out, Vec::<String>::new(), "these attacks prove nothing");
}
