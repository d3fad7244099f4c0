use crate::database::Database;

const SCRIPT: &str = include_str!("../../../deploy/import-user-connections.sql");

#[tokio::test]
async fn connections_of_before_come_in_under_new_numbers_with_a_map_and_can_be_taken_back() {
    let database = Database::migrated().await;
    let (ada, eve) = (database.person("ada@example.org").await, database.person("eve@example.org").await);
    let owner = database.owner().await;
    owner
        .batch_execute(
            "create schema legacy;
             create table legacy.user_connections (id uuid primary key, user_id uuid, provider text, access_token text, created_at timestamptz,
               provider_user_id text)",
        )
        .await
        .unwrap();
    let insert = "insert into legacy.user_connections
                  select ('00000000-0000-4000-8000-00000000000' || n)::uuid, u::uuid, p, 'plain token', t::timestamptz, a
                  from (values (1, $1, ' Strava', '2025-01-01', '17'), (2, $1, 'strava', '2024-01-01', '16'),
                    (3, $1, 'google-health', '2025-01-01', null), (4, $2, 'straav', '2025-01-01', '18'),
                    (5, '00000000-0000-4000-8000-0000000000ff', 'polar', '2025-01-01', '19'), (6, $2, 'STRAVA', '2025-01-01', '17')) as r (n, u, p, t, a)";
    owner.execute(insert, &[&ada.id().to_string(), &eve.id().to_string()]).await.unwrap();
    let all = async || -> Vec<String> {
        let rows =
            owner.query("select right(legacy_id::text, 1) || ' ' || outcome from legacy.user_connections_map order by 1", &[]);
        rows.await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let connections = async || -> Vec<String> {
        let select =
            "select format('%s %s %s %s', provider, status, provider_user_id, access_token) from provider_connections order by 1";
        owner.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    for _ in 0..2 {
        owner.batch_execute(SCRIPT).await.unwrap();
        let due = [
            "1 imported",
            "2 older_than_another",
            "3 imported",
            "4 provider_unknown",
            "5 person_unknown",
            "6 account_of_somebody_else",
        ];
        assert_eq!(all().await, due, "a second run changes nothing");
        assert_eq!(
            connections().await,
            ["google_health needs_reauth  ", "strava needs_reauth 17 "],
            "and no token is in plain text"
        );
    }
    let back = SCRIPT.lines().find_map(|line| line.strip_prefix("--   delete")).unwrap();
    owner.batch_execute(&format!("delete{back}")).await.unwrap();
    assert!(connections().await.is_empty());
}
