use anyhow::Result;
use tokio_postgres::{Client, NoTls, Statement};

use crate::Asks;

pub struct Connection {
    client: Client,
    statement: Statement,
    keys: i32,
    key: i32,
}

impl Connection {
    pub async fn new(url: &str, statement: &str, keys: i32, number: usize) -> Result<Connection> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::task::spawn_local(connection);
        let statement = client.prepare(statement).await?;
        Ok(Connection { client, statement, keys, key: i32::try_from(number)? })
    }
}

impl Asks for Connection {
    async fn ask(&mut self) -> Result<Result<(), String>> {
        self.key = (self.key + 7919) % self.keys;
        let row = self.client.query_one(&self.statement, &[&(self.key + 1)]).await;
        Ok(row.map(|_| ()).map_err(|error| error.to_string()))
    }
}
