//! Pages: one document each, without script, for screens and for paper, light and dark. What is written into them by `html!` is
//! escaped.

use edge::{Html, Language};
pub use maud::{Markup, PreEscaped, html};

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:var(--wide,46rem);margin:2rem auto;\
    padding:0 1rem;color:#16211b;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}svg{max-width:100%;height:auto;\
    margin:.5rem 0}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;\
    border-bottom:1px solid #c3ccc6}ul{padding-left:1.2rem}td ul{margin:0}th small{font-weight:400}small,footer{color:#3c4a42;\
    font-size:.8rem}strong.note{display:block;border-left:4px solid #2b8350;padding-left:.6rem}@media(prefers-color-scheme:dark){body{\
    color:#eef4f0;background:#10151a}th,td{border-color:#3a464e}small,footer{color:#a9b8af}}@media print{body{margin:0;max-width:none;\
    color:#000;background:#fff}h2{break-after:avoid}tr,svg{break-inside:avoid}}";

/// A document under a headline; `style` is what it looks like beside what all pages look like, such as `:root{--wide:70rem}`.
pub fn document(title: &str, language: Language, style: &str, content: &Markup) -> Html {
    let markup = html! {
        (PreEscaped("<!doctype html>"))
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta name="robots" content="noindex";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    Html(markup.into_string() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_page_is_escaped() {
        let Html(page) = document("<Un> & deux", Language::Fr, "", &html! { p title=("\"") { ("<script>") } });
        assert!(page.starts_with("<!doctype html><html lang=\"fr\">") && page.ends_with("</html>\n"));
        assert!(page.contains("<h1>&lt;Un&gt; &amp; deux</h1><p title=\"&quot;\">&lt;script&gt;</p>"), "{page}");
    }
}
