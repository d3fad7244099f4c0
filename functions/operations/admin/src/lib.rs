edge::function! {
    //! Pages for those who run this: quality reports, and how the service is doing. They are read; what is to change is a call of the API.

    root: Admin;
    /// How the service is doing at this moment, and what else there is to see.
    GET  "/"         => show_admin_home,   auth: Operator<Staff>,      limit: 300, reads;
    /// Quality reports by commit, with trend and flaky tests; filters are parameters, so that a view can be kept as a bookmark. `from` and `to`
    /// are days in UTC.
    GET  "/qa"       => show_qa_page,      auth: Operator<Qa>,         limit: 300, reads;
    /// The way in.
    GET  "/sign-in"  => show_sign_in,      auth: Public,               limit: 60,  reads, sql: 0;
    /// Signs staff in for half an hour: sets a cookie that pages below `/admin` take, and nothing else does, and the
    /// one by which an account knows the browser again.
    POST "/sign-in"  => sign_in_to_admin,  auth: Public,               limit: 10,  writes, reply: 303, sql: 2, headers: [Cookie, Location],
        refuses: [
            accounts::ACCOUNT_CLOSED, accounts::INACTIVE, accounts::INVALID_CREDENTIALS, accounts::LOCKED, accounts::VERIFY_FIRST,
            refusal::BANNED, refusal::FORBIDDEN];
    /// Signs out, and takes the cookie away.
    POST "/sign-out" => sign_out_of_admin, auth: Signed<PageSession>,  limit: 60,  writes, reply: 303, headers: [Cookie, Location],
        refuses: [refusal::UNAUTHENTICATED];
    uses: [accounts::PASSWORDS, edge::TOKENS]
}

mod home;
mod layout;
mod qa;
mod sign_in;

use accounts::{SignIn, Until};
use edge::{
    Context, Email, Form, Html, List, Operator, PageSession, Public, Qa, Redirect, Reply, Result, Signed, Sql, Staff, input,
    refusal,
};
use qa::{Chosen, Key, QaPage};

/// Who signs in.
#[input(name = "AdminCredentials")]
struct Credentials {
    email: Email,
    #[validate(length(min = 1, max = 256))]
    password: String,
}

async fn show_admin_home(ctx: Context, Operator(staff): Operator<Staff>) -> Result<Reply<Html>> {
    let overview = ctx.sql(OVERVIEW).await?.value()?;
    Ok(Reply::new(home::render(&overview, staff.0.role, ctx.language())))
}

async fn show_qa_page(ctx: Context, _: Operator<Qa>, list: List<Chosen, Key, 40, 100>) -> Result<Reply<Html>> {
    let page = QaPage::of(&ctx, &list).await?;
    Ok(Reply::new(page.render(ctx.language())))
}

async fn show_sign_in(ctx: Context, _: Public) -> Result<Reply<Html>> {
    Ok(Reply::new(sign_in::render(ctx.language())))
}

async fn sign_in_to_admin(ctx: Context, _: Public, Form(typed): Form<Credentials>) -> Result<Reply<Redirect>> {
    let SignIn { granted, cookie: device, .. } = SignIn::by_password(&ctx, &typed.email, &typed.password, Until::Page).await?;
    let (cookie, seconds) = granted.page(&ctx)?;
    Ok(device.keep(Reply::redirect("/admin").page_cookie(&cookie, seconds)))
}

async fn sign_out_of_admin(ctx: Context, Signed(PageSession(session)): Signed<PageSession>) -> Result<Reply<Redirect>> {
    ctx.sql(END.bind(session)).await?;
    Ok(Reply::redirect("/admin/sign-in").page_cookie("", 0))
}

const OVERVIEW: Sql = Sql::new("select edge.admin_overview()");

const END: Sql = Sql::new("select edge.end_page_session(session => $1::uuid)");

#[cfg(test)]
mod tests;
