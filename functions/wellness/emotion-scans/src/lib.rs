edge::function! {
    //! What people feel: entered by themselves, and what was made of their words, which they correct.

    /// Takes what the person feels, in any words and strengths. A repeated `client_id` with equal content gives the scan with status 200.
    POST   "/wellness/emotion-scans"                 => create_emotion_scan,     auth: Person, limit: 60,  writes, reply: 201 or 200,
        headers: [ETag], refuses: [refusal::CLIENT_ID_MISMATCH];
    /// The person's scans, latest first.
    GET    "/wellness/emotion-scans"                 => list_emotion_scans,      auth: Person, limit: 300, reads;
    /// What scans of the last days add up to. A correction counts in place of what was corrected.
    GET    "/wellness/emotion-scans/stats"           => sum_emotion_scans,       auth: Person, limit: 300, reads;
    /// The wheel: eight emotions in three strengths. Free words may be sent as well.
    GET    "/wellness/emotion-scans/wheel"           => list_emotions,           auth: Public, limit: 300, reads, sql: 0;
    /// One of them.
    GET    "/wellness/emotion-scans/{id}"            => get_emotion_scan,        auth: Person, limit: 300, reads, headers: [ETag],
        refuses: [refusal::NOT_FOUND];
    /// Says what the person felt indeed. It is the truth for statistics; the first answer stays beside it.
    PUT    "/wellness/emotion-scans/{id}/correction" => correct_emotion_scan,    auth: Person, limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Takes the correction back.
    DELETE "/wellness/emotion-scans/{id}/correction" => uncorrect_emotion_scan,  auth: Person, limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Deletes a scan for good.
    DELETE "/wellness/emotion-scans/{id}"            => remove_emotion_scan,     auth: Person, limit: 60,  writes, reply: 204, headers: [IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Deletes all scans for good.
    DELETE "/wellness/emotion-scans"                 => forget_emotion_scans,    auth: Person, limit: 10,  writes;
}

mod scan;
mod wheel;

use edge::{All, At, Context, FieldError, Id, Json, List, Page, Path, Person, Place, Public, Query, Reply, Result, Sql, refusal};
use scan::{Correction, NewScan, Removed, Scan, Stats, Window};
use serde::Deserialize;
use uuid::Uuid;
use wheel::{Wheel, english};

#[derive(Deserialize, serde::Serialize)]
struct Key {
    scanned_at: At,
    id: Uuid,
}

async fn create_emotion_scan(ctx: Context, _: Person, Json(mut new): Json<NewScan>) -> Result<Reply<Scan>> {
    match (new.mood, new.mood_scale) {
        (Some(mood), Some(10)) if mood > 10 => return Err(FieldError::new(Place::Body, "mood", "not_allowed").into()),
        (Some(mood), Some(10)) => (new.mood, new.mood_scale) = (Some(mood * 10), Some(100)),
        _ => {}
    }
    if new.primary_emotion.is_none() {
        let strongest = new.emotions.iter().reduce(|best, next| if next.intensity > best.intensity { next } else { best });
        new.primary_emotion = strongest.map(|emotion| emotion.name.clone());
    }
    Ok(labelled(ctx.add_row(INSERT, FIRST, &new).await?))
}

async fn list_emotion_scans(ctx: Context, _: Person, list: List<All, Key>) -> Result<Reply<Page<Scan>>> {
    let select = SELECT.bind(list.after(|key| key.scanned_at)).bind(list.after(|key| key.id)).bind(list.fetch());
    let rows = ctx.sql(select).await?.all::<Scan>()?.into_iter().map(Scan::told).collect();
    Ok(Reply::new(list.page(rows, |row: &Scan| Key { scanned_at: At(row.scanned_at), id: row.id })))
}

async fn get_emotion_scan(ctx: Context, _: Person, Path(scan): Path<Id<Uuid>>) -> Result<Reply<Scan>> {
    let scan: Option<Scan> = ctx.sql(ONE.bind(scan.id)).await?.optional()?;
    Ok(labelled(Reply::versioned(scan.ok_or(refusal::NOT_FOUND)?)))
}

async fn sum_emotion_scans(ctx: Context, _: Person, Query(window): Query<Window>) -> Result<Reply<Stats>> {
    let mut stats: Stats = ctx.sql(STATS.bind(window.days.unwrap_or(30))).await?.one()?;
    for share in &mut stats.emotion_distribution {
        share.label_en = english(&share.name);
    }
    Ok(Reply::new(stats))
}

async fn list_emotions(_: Context, _: Public) -> Result<Reply<Wheel>> {
    Ok(Reply::new(Wheel::whole()))
}

async fn correct_emotion_scan(
    ctx: Context,
    _: Person,
    Path(scan): Path<Id<Uuid>>,
    Json(correction): Json<Correction>,
) -> Result<Reply<Scan>> {
    Ok(labelled(ctx.change_row(CORRECT, PRESENT, scan.id, &correction).await?))
}

async fn uncorrect_emotion_scan(ctx: Context, _: Person, Path(scan): Path<Id<Uuid>>) -> Result<Reply<Scan>> {
    let [changed, present] = ctx.batch([UNCORRECT.bind(scan.id).bind(ctx.if_match()), PRESENT.bind(scan.id)]).await?;
    Ok(labelled(changed.or_why(&present)?))
}

async fn remove_emotion_scan(ctx: Context, _: Person, Path(scan): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.remove_row(DELETE, PRESENT, scan.id).await
}

async fn forget_emotion_scans(ctx: Context, _: Person) -> Result<Reply<Removed>> {
    let removed = ctx.sql(FORGET).await?.affected()?;
    Ok(Reply::new(Removed { removed: i64::try_from(removed).unwrap_or(i64::MAX) }))
}

fn labelled(reply: Reply<Scan>) -> Reply<Scan> {
    reply.map(Scan::told)
}

const INSERT: Sql = Sql::new(
    "insert into emotion_scans (client_id, scan_type, scanned_at, date, emotions, primary_emotion, mood, valence, arousal, first)
     select client_id, 'manual', coalesce(edge.writable(scanned_at, 'scanned_at'), edge.now()), edge.day_of(coalesce(scanned_at, edge.now())), emotions, primary_emotion,
       mood, valence, arousal, case when client_id is not null then $1 end
     from jsonb_to_record($1) as n (client_id uuid, scanned_at timestamptz, emotions jsonb, primary_emotion text, mood smallint,
       valence double precision, arousal double precision)
     on conflict (user_id, client_id) do nothing
     returning *",
);

const FIRST: Sql = Sql::new(
    "select *, (first @> $1) is not false as same
     from emotion_scans where user_id = edge.uid() and client_id = ($1::jsonb ->> 'client_id')::uuid",
);

const SELECT: Sql = Sql::new(
    "select * from emotion_scans
     where user_id = edge.uid() and ($1::timestamptz is null or (scanned_at, id) < ($1, $2::uuid))
     order by scanned_at desc, id desc
     limit $3::bigint",
);

const ONE: Sql = Sql::new("select * from emotion_scans where id = $1 and user_id = edge.uid()");

const CORRECT: Sql = Sql::new(
    "update emotion_scans s set correction = $2::jsonb -> 'emotions', corrected_at = edge.now()
     where s.id = $1 and s.user_id = edge.uid() and edge.is_version(s.version, $3)
     returning *",
);

const UNCORRECT: Sql = Sql::new(
    "update emotion_scans s set correction = null, corrected_at = null
     where s.id = $1 and s.user_id = edge.uid() and edge.is_version(s.version, $2)
     returning *",
);

const PRESENT: Sql = Sql::new("select version from emotion_scans where id = $1 and user_id = edge.uid()");

const DELETE: Sql = Sql::new("delete from emotion_scans where id = $1 and user_id = edge.uid() and edge.is_version(version, $2)");

const FORGET: Sql = Sql::new("delete from emotion_scans where user_id = edge.uid()");

/// Each emotion counts once a scan.
const STATS: Sql = Sql::new(
    "with s as materialized (
       select id, coalesce(correction, emotions) as emotions, correction, confidence, mood, scan_type <> 'manual' as is_analysed
       from emotion_scans where user_id = edge.uid() and date > edge.today() - $1::int and date <= edge.today()),
     felt as (
       select s.id, e ->> 'name' as name, max((e ->> 'intensity')::double precision) as intensity
       from s, jsonb_array_elements(s.emotions) as e group by 1, 2)
     select count(*) as \"totalScans\",
       (select coalesce(jsonb_agg(jsonb_build_object('name', d.name, 'scans', d.scans,
           'share', round(d.scans::numeric / (select count(*) from s), 4), 'averageIntensity', round(d.intensity::numeric, 4))
           order by d.scans desc, d.name), '[]')
         from (select name, count(*) as scans, avg(intensity) as intensity from felt group by name) as d) as \"emotionDistribution\",
       round(avg(confidence)::numeric, 4)::double precision as \"averageConfidence\",
       round(avg(mood), 2)::double precision as \"averageMood\", count(mood) as moods,
       round(avg((correction is null)::int) filter (where is_analysed), 4)::double precision as \"uncorrectedShare\",
       count(*) filter (where is_analysed) as analysed
     from s",
);

#[cfg(test)]
mod tests;
