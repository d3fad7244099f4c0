//! Aggregates over people: no combination of what is published speaks of fewer than the smallest group.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::Database;

const SMALLEST: i64 = 5;
/// Sizes of each of four groups, every combination of which is tried.
const LARGEST: i64 = 8;

/// How many people every published number, every sum and every difference of published numbers speaks of.
fn told_of(people: &[i64], shown: &[bool]) -> BTreeSet<i64> {
    let total: i64 = people.iter().sum();
    let mut told = BTreeSet::new();
    // Each number is added, subtracted or left out: one digit to the base of three each, the last of them the total's.
    for combination in 0..3_usize.pow(u32::try_from(people.len()).unwrap() + 1) {
        let sign = |place: usize| i64::try_from(combination / 3_usize.pow(u32::try_from(place).unwrap()) % 3).unwrap() - 1;
        let of_total = sign(people.len());
        if of_total != 0 && total < SMALLEST || shown.iter().enumerate().any(|(group, shown)| !shown && sign(group) != 0) {
            continue;
        }
        let weights: Vec<i64> = (0..people.len()).map(|group| of_total + sign(group)).collect();
        let left: Vec<usize> = (0..people.len()).filter(|group| weights[*group] != 0 && people[*group] > 0).collect();
        // A sum of people of whom each counts as much as the others is the value of that group.
        if left.windows(2).all(|two| weights[two[0]] == weights[two[1]]) {
            told.insert(left.iter().map(|group| people[*group]).sum());
        }
    }
    told
}

#[test]
fn what_is_left_of_a_total_is_told_too() {
    assert_eq!(told_of(&[7, 4], &[true, false]), BTreeSet::from([0, 4, 7, 11]));
    assert_eq!(told_of(&[7, 4], &[false, false]), BTreeSet::from([0, 11]));
    assert_eq!(told_of(&[3, 1], &[false, false]), BTreeSet::from([0]));
}

#[tokio::test]
async fn no_combination_of_published_cells_singles_out_a_group_below_the_smallest_size() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let every = "select p.people, edge.groups_shown(p.people)
                 from generate_series(0, $1::bigint) a, generate_series(0, $1::bigint) b, generate_series(0, $1::bigint) c, generate_series(0, $1::bigint) d,
                   lateral (select array[a, b, c, d] as people) p";
    let rows = owner.query(every, &[&LARGEST]).await.unwrap();
    assert_eq!(rows.len(), 9_usize.pow(4));
    for row in rows {
        let (people, shown): (Vec<i64>, Vec<bool>) = (row.get(0), row.get(1));
        let told = told_of(&people, &shown);
        assert!(told.iter().all(|people| *people == 0 || *people >= SMALLEST), "{people:?} {shown:?} tell of {told:?}");
        // No more is hidden than must be: one group beside those that are too small.
        let large = people.iter().zip(&shown).filter(|(people, _)| **people >= SMALLEST);
        let (all, hidden) = (large.clone().count(), large.filter(|(_, shown)| !**shown).count());
        let rest: i64 = people.iter().filter(|people| **people < SMALLEST).sum();
        assert_eq!(hidden, usize::from((1..SMALLEST).contains(&rest) && all > 0), "{people:?} {shown:?}");
    }
    let none: Vec<bool> = owner.query_one("select edge.groups_shown('{}')", &[]).await.unwrap().get(0);
    assert_eq!(none, Vec::<bool>::new());
}

#[tokio::test]
async fn a_larger_smallest_group_holds_at_once() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let shown = "select edge.groups_shown('{9,6,20}'), edge.group_share(3, 9)::float8, edge.group_mean(90, 9, 5)::float8";
    let row = owner.query_one(shown, &[]).await.unwrap();
    assert_eq!(row.get::<_, Vec<bool>>(0), [true, true, true]);
    assert_eq!((row.get::<_, Option<f64>>(1), row.get::<_, Option<f64>>(2)), (Some(0.25), Some(10.0)));
    owner.batch_execute("update settings set value = '10' where key = 'smallest_group'").await.unwrap();
    let row = owner.query_one(shown, &[]).await.unwrap();
    assert_eq!(row.get::<_, Vec<bool>>(0), [false, false, true]);
    assert_eq!((row.get::<_, Option<f64>>(1), row.get::<_, Option<f64>>(2)), (None, None));
}

#[tokio::test]
async fn no_share_says_of_a_group_that_everybody_or_nobody_did() {
    let database = Database::migrated().await;
    let every =
        "select n, part, edge.group_share(part, n)::float8::text from generate_series(1, 60) n, generate_series(0, n) part";
    let mut parts: BTreeMap<(i64, String), Vec<i64>> = BTreeMap::new();
    for row in database.owner().await.query(every, &[]).await.unwrap() {
        let (people, part): (i32, i32) = (row.get(0), row.get(1));
        match row.get::<_, Option<String>>(2) {
            Some(share) => parts.entry((people.into(), share)).or_default().push(part.into()),
            None => assert!(i64::from(people) < SMALLEST),
        }
    }
    assert!(parts.len() > 200, "{}", parts.len());
    for ((people, share), parts) in parts {
        assert!(parts != [0] && parts != [people], "{share} of {people} is said of {parts:?} only");
    }
}
