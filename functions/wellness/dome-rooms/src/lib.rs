edge::function! {
    //! Rooms of domes: several people float together. Nobody sees anything of another one; what a group had in common is told once, where
    //! five of them agreed.

    /// Opens a room, five at a time at most. Whoever is given its id and its `invitation` may join.
    POST "/wellness/dome-rooms"            => open_dome_room,  auth: Person, limit: 10,  writes, reply: 201,
        refuses: [refusal::LIMIT_REACHED];
    /// A room, for those who are or were in it.
    GET  "/wellness/dome-rooms/{id}"       => get_dome_room,   auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND];
    /// Joins a room by its `invitation`: a session in `/wellness/vr-dome-sessions` begins, which beats as any other. Repeating it does no harm.
    POST "/wellness/dome-rooms/{id}/join"  => join_dome_room,  auth: Person, limit: 60,  writes,
        refuses: [refusal::NOT_FOUND, refusal::LIMIT_REACHED, ROOM_CLOSED];
    /// Leaves a room, which completes the session. A room that runs closes behind the last one.
    POST "/wellness/dome-rooms/{id}/leave" => leave_dome_room, auth: Person, limit: 60,  writes,
        refuses: [refusal::NOT_FOUND, wellness::SESSION_ENDED];
    /// Lets a room run. For who opened it.
    POST "/wellness/dome-rooms/{id}/run"   => run_dome_room,   auth: Person, limit: 60,  writes,
        refuses: [refusal::NOT_FOUND, refusal::FORBIDDEN, ROOM_CLOSED];
    /// Closes a room: nobody joins any more, and the group's values are told. For who opened it; a day after that it closes by itself.
    POST "/wellness/dome-rooms/{id}/close" => close_dome_room, auth: Person, limit: 60,  writes,
        refuses: [refusal::NOT_FOUND, refusal::FORBIDDEN];
}

use chrono::{DateTime, Utc};
use edge::{Context, Id, MaybeJson, Path, Person, Reply, Result, Sql, SqlJson, input, output, refusal, refusals};
use serde::Serialize;
use uuid::Uuid;

refusals! {
    ROOM_CLOSED: 409 "room_closed", fr: "Cette salle est fermée.", en: "This room is closed.";
}

/// How much happens in a dome.
#[input(name = "DomeIntensity")]
enum Intensity {
    Calm,
    Moderate,
    Intense,
}

/// A room to open.
#[input(name = "NewDomeRoom")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"seats": 4}])))]
struct NewRoom {
    /// For how many people at a time; 12 where absent.
    #[validate(range(min = 2, max = 12))]
    seats: Option<i32>,
    /// `calm` where absent.
    intensity: Option<Intensity>,
}

/// How a person joins.
#[input(name = "DomeJoin")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"shares": true}])))]
struct Join {
    /// The room's; who opened it or has been in it needs none.
    invitation: Option<Uuid>,
    /// Whether heart and valence may count in the values of the group, which names nobody; no where absent.
    shares: Option<bool>,
    /// From 0 (bad) to 100 (good).
    #[validate(range(min = 0, max = 100))]
    mood_before: Option<i32>,
}

/// How it was.
#[input(name = "DomeLeave")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"hr_mean": 62, "valence": 0.5}])))]
struct Leave {
    /// Mean heart rate, in beats a minute.
    #[validate(range(min = 30.0, max = 220.0))]
    hr_mean: Option<f64>,
    /// Its standard deviation, in beats a minute.
    #[validate(range(min = 0.0, max = 100.0))]
    hr_std: Option<f64>,
    /// From -1 (unpleasant) to 1 (pleasant).
    #[validate(range(min = -1.0, max = 1.0))]
    valence: Option<f64>,
    /// From 0 (bad) to 100 (good).
    #[validate(range(min = 0, max = 100))]
    mood_after: Option<i32>,
}

/// How far a room is.
#[output(name = "DomeRoomState")]
enum State {
    Open,
    Running,
    Closed,
}

/// A room, as one of its people sees it.
#[output(name = "DomeRoom")]
struct Room {
    id: Uuid,
    state: State,
    intensity: String,
    seats: i32,
    /// Whether the caller opened it.
    is_host: bool,
    /// What others join by: hand it on with the id.
    invitation: Uuid,
    /// How many are in it now.
    people: i64,
    /// The caller's latest session in it.
    own_session: Option<Uuid>,
    /// What the group had in common, once the room is closed; null where fewer than five agreed.
    group: Option<Group>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
}

/// What a group had in common.
#[output(name = "DomeGroup")]
struct Group {
    /// How many agreed.
    contributors: i32,
    /// Standard deviation of mean heart rates, in beats a minute, to one decimal: lower is closer.
    synchrony_idx: Option<f64>,
    /// Mean valence, to one decimal; null where fewer than five said theirs.
    team_pa: Option<f64>,
}

async fn open_dome_room(ctx: Context, _: Person, MaybeJson(new): MaybeJson<NewRoom>) -> Result<Reply<Room>> {
    let new = new.unwrap_or(NewRoom { seats: None, intensity: None });
    Ok(Reply::new(ctx.sql(OPEN.bind(SqlJson(&new))).await?.value()?))
}

async fn get_dome_room(ctx: Context, _: Person, Path(room): Path<Id<Uuid>>) -> Result<Reply<Room>> {
    let room: Option<Room> = ctx.sql(ROOM.bind(room.id)).await?.value()?;
    Ok(Reply::new(room.ok_or(refusal::NOT_FOUND)?))
}

async fn join_dome_room(
    ctx: Context,
    _: Person,
    Path(room): Path<Id<Uuid>>,
    MaybeJson(join): MaybeJson<Join>,
) -> Result<Reply<Room>> {
    act(&ctx, room.id, "join", &join.unwrap_or(Join { invitation: None, shares: None, mood_before: None })).await
}

async fn leave_dome_room(
    ctx: Context,
    _: Person,
    Path(room): Path<Id<Uuid>>,
    MaybeJson(leave): MaybeJson<Leave>,
) -> Result<Reply<Room>> {
    let nothing = Leave { hr_mean: None, hr_std: None, valence: None, mood_after: None };
    act(&ctx, room.id, "leave", &leave.unwrap_or(nothing)).await
}

async fn run_dome_room(ctx: Context, _: Person, Path(room): Path<Id<Uuid>>) -> Result<Reply<Room>> {
    act(&ctx, room.id, "run", &Nothing {}).await
}

async fn close_dome_room(ctx: Context, _: Person, Path(room): Path<Id<Uuid>>) -> Result<Reply<Room>> {
    act(&ctx, room.id, "close", &Nothing {}).await
}

#[derive(Serialize)]
struct Nothing {}

async fn act(ctx: &Context, room: Uuid, act: &str, sent: &impl Serialize) -> Result<Reply<Room>> {
    Ok(Reply::new(ctx.sql(ACT.bind(room).bind(act).bind(SqlJson(sent))).await?.value()?))
}

const OPEN: Sql = Sql::new("select edge.open_dome_room(room => $1)");

const ROOM: Sql = Sql::new("select edge.dome_room(room => $1)");

const ACT: Sql = Sql::new("select edge.change_dome_room(room => $1, act => $2, sent => $3)");

#[cfg(test)]
mod tests;
