//! The functions of the database, and what can be run of them so that every statement inside is planned.

use std::collections::BTreeSet;

use tokio_postgres::{Client, Row};

/// Where stand-ins are.
const SCHEMA: &str = "
    create schema stand_in authorization edge_owner;
    grant usage on schema stand_in to anon, authenticated, service, oree_person, oree_service";

const ROUTINES: &str = "
    select p.oid::regprocedure::text, p.proname::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
      l.lanname = 'plpgsql', pg_get_functiondef(p.oid), p.prosrc, p.prosecdef,
      array(select format_type(t, null) from unnest(p.proargtypes) as t),
      array(select a.grantee::regrole::text from aclexplode(p.proacl) a where a.grantee <> p.proowner),
      (select min(tgrelid::regclass::text) from pg_trigger where tgfoid = p.oid)
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'edge'::regnamespace
    order by 1";

/// A function of `edge`.
pub struct Routine {
    pub signature: String,
    name: String,
    arguments: String,
    result: String,
    is_plpgsql: bool,
    definition: String,
    body: String,
    is_definer: bool,
    types: Vec<String>,
    /// Roles that may call it; none where only other functions do.
    pub callers: Vec<String>,
}

/// Every function. Those in PL/pgSQL have a stand-in each, and do not refuse any more: what is refused is not planned to its end.
pub async fn routines(owner: &Client) -> Vec<Routine> {
    owner.batch_execute(SCHEMA).await.unwrap();
    let routines: Vec<Routine> = owner.query(ROUTINES, &[]).await.unwrap().iter().map(Routine::read).collect();
    for routine in routines.iter().filter(|routine| routine.is_plpgsql) {
        for text in [routine.lenient(), routine.stand_in()] {
            owner.batch_execute(&text).await.unwrap_or_else(|error| panic!("{error:?}: {text}"));
        }
    }
    routines
}

impl Routine {
    fn read(row: &Row) -> Self {
        let trigger: Option<String> = row.get(10);
        let mut routine = Self {
            signature: row.get(0),
            name: row.get(1),
            arguments: row.get(2),
            result: row.get(3),
            is_plpgsql: row.get(4),
            definition: row.get(5),
            body: row.get(6),
            is_definer: row.get(7),
            types: row.get(8),
            callers: row.get(9),
        };
        if let Some(table) = trigger {
            routine.types = vec![format!("public.{table}"), format!("public.{table}"), "text".to_owned()];
            routine.arguments = format!("new public.{table}, old public.{table}, tg_op text");
            routine.result = "void".to_owned();
        }
        routine
    }

    /// The function without its refusals.
    fn lenient(&self) -> String {
        let mut is_raising = false;
        let tokens = tokens(&self.definition).into_iter().map(|token| {
            is_raising |= token.trim().eq_ignore_ascii_case("raise");
            match (is_raising, token.trim()) {
                (true, ";") => {
                    is_raising = false;
                    "null; "
                }
                (true, _) => "",
                (false, _) => token,
            }
        });
        tokens.collect()
    }

    /// A function with the same statements, all in a row: each runs, whatever the conditions around it, and whatever becomes of
    /// the one before.
    fn stand_in(&self) -> String {
        let Self { name, arguments, result, .. } = self;
        let Body { options, declarations, statements } = in_a_row(&self.body);
        let rights = if self.is_definer { "security definer" } else { "" };
        let run =
            |statement| format!("begin {statement}; exception when others then raise notice '%: %', sqlstate, sqlerrm; end;\n");
        let statements: String = statements.iter().map(run).collect();
        let has_value =
            !(result == "void" || result.starts_with("SETOF ") || result.starts_with("TABLE") || arguments.contains("OUT "));
        let end = if has_value { "return null;" } else { "return;" };
        format!(
            "set role edge_owner;
             create function stand_in.{name}({arguments}) returns {result} language plpgsql {rights} set search_path = '' as $stand_in$
{options}
             declare {declarations} begin {statements} {end} end $stand_in$;
             grant execute on function stand_in.{name}({}) to anon, authenticated, service, oree_person, oree_service;
             reset role",
            self.types.join(", ")
        )
    }

    /// Statements that run it once, with arguments that the planner does not look at. `edge.purge` and its like are bounded.
    pub fn call(&self) -> String {
        let schema = if self.is_plpgsql { "stand_in" } else { "edge" };
        let places: Vec<String> = (1..=self.types.len()).map(|n| format!("${n}")).collect();
        let (of, with) = match self.types.is_empty() {
            true => (String::new(), String::new()),
            false => {
                let values = self.types.iter().map(|kind| sample(kind)).collect::<Vec<_>>();
                (format!("({})", self.types.join(", ")), format!("({})", values.join(", ")))
            }
        };
        format!("prepare planned{of} as select * from {schema}.{}({}); execute planned{with}", self.name, places.join(", "))
    }

    /// Tables that its text names other than by adding rows.
    pub fn tables(&self) -> BTreeSet<String> {
        let words: Vec<String> = tokens(&self.definition).iter().map(|token| token.trim().to_ascii_lowercase()).collect();
        let named =
            words.windows(4).filter(|words| ["from", "join", "update"].contains(&words[0].as_str()) && words[1] == "public");
        named.map(|words| words[3].clone()).collect()
    }

    /// Whether it makes statements that only a call can show.
    pub fn makes_statements(&self) -> bool {
        self.is_plpgsql && tokens(&self.body).iter().any(|token| token.trim().eq_ignore_ascii_case("execute"))
    }
}

/// A value of a type that no row has.
fn sample(kind: &str) -> &'static str {
    match kind {
        "uuid" => "md5('nobody')::uuid",
        // Also the name of a time zone.
        "text" => "'UTC'",
        "text[]" => "'{x}'",
        "integer" | "bigint" | "numeric" => "1",
        "boolean" => "true",
        "date" | "timestamp with time zone" => "'2026-01-05'",
        "interval" => "'1 day'",
        _ => "null",
    }
}

/// A body that has been taken apart.
struct Body {
    /// `#variable_conflict use_column`
    options: String,
    /// Without values.
    declarations: String,
    /// The values of declarations first, then whatever stands in a branch, a loop or a handler. Nothing returns or raises.
    statements: Vec<String>,
}

/// Words and signs of PL/pgSQL; a string or a quoted name is one.
fn tokens(body: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = body.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = |quote: char| rest[1..].find(quote).map_or(rest.len(), |end| end + 2);
        let end = match first {
            '-' if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]).trim_start();
                continue;
            }
            '\'' | '"' => quoted(first),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            ':' if rest.starts_with(":=") => 2,
            '.' if rest.starts_with("..") => 2,
            _ => first.len_utf8(),
        };
        // With the space behind it: two signs may be one operator.
        let blank = rest[end..].chars().take_while(|c| c.is_whitespace()).map(char::len_utf8).sum::<usize>();
        tokens.push(&rest[..end + blank]);
        rest = &rest[end + blank..];
    }
    tokens
}

/// A cursor over tokens.
struct Reader<'a> {
    tokens: Vec<&'a str>,
    place: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<String> {
        self.tokens.get(self.place).map(|token| token.trim().to_ascii_lowercase())
    }

    fn word(&mut self) -> String {
        let word = self.peek().unwrap_or_default();
        self.place += 1;
        word
    }

    /// The text up to one of these words, which is skipped, outside of parentheses and of `case … end`.
    fn until(&mut self, ends: &[&str]) -> String {
        let (mut depth, mut text) = (0, String::new());
        while let Some(word) = self.peek() {
            if depth == 0 && ends.contains(&word.as_str()) {
                self.place += 1;
                break;
            }
            match word.as_str() {
                "(" | "case" => depth += 1,
                ")" | "end" => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "this is no statement: {text}");
            text += self.tokens[self.place];
            self.place += 1;
        }
        text.trim().to_owned()
    }
}

fn in_a_row(body: &str) -> Body {
    let mut reader = Reader { tokens: tokens(body), place: 0 };
    let mut taken = Body { options: String::new(), declarations: String::new(), statements: Vec::new() };
    let mut is_declaring = false;
    let ask = |condition: &str| format!("perform ({condition})");
    while let Some(word) = reader.peek() {
        match word.as_str() {
            "#" => {
                let option: Vec<String> = (0..3).map(|_| reader.word()).collect();
                taken.options = format!("#{} {}", option[1], option[2]);
            }
            "declare" => {
                reader.word();
                is_declaring = true;
            }
            "begin" | "else" | "loop" => {
                reader.word();
                is_declaring = false;
            }
            _ if is_declaring => {
                let declaration = reader.until(&[";"]);
                let (name, rest) = declaration.split_once(char::is_whitespace).unwrap_or_default();
                let mut rest = Reader { tokens: tokens(rest), place: 0 };
                let kind = rest.until(&[":=", "=", "default"]);
                taken.declarations += &format!("{name} {};\n", kind.trim_start_matches("constant "));
                taken.statements.push(format!("{name} := {}", rest.until(&[])));
            }
            "if" | "elsif" | "while" => {
                reader.word();
                taken.statements.push(ask(&reader.until(&["then", "loop"])));
            }
            "exception" | "when" => {
                reader.until(&["then"]);
            }
            "for" => {
                reader.word();
                let (variable, looped) = (reader.until(&["in"]), reader.until(&["loop"]));
                if let Some((first, last)) = looped.split_once("..") {
                    taken.declarations += &format!("{variable} integer;\n");
                    taken.statements.extend([ask(first), ask(last)]);
                } else {
                    taken.statements.push(format!("for {variable} in {looped} loop exit; end loop"));
                }
            }
            "foreach" => {
                reader.until(&["array"]);
                taken.statements.push(ask(&reader.until(&["loop"])));
            }
            "exit" | "continue" => {
                if let Some((_, condition)) = reader.until(&[";"]).split_once(" when ") {
                    taken.statements.push(ask(condition));
                }
            }
            "end" | "get" | "raise" | "null" => {
                reader.word();
                reader.until(&[";"]);
            }
            "return" => {
                reader.word();
                let is_query = reader.peek().is_some_and(|word| word == "query");
                let value = reader.until(&[";"]);
                taken.statements.push(if is_query { format!("return {value}") } else { ask(&value) });
            }
            _ => taken.statements.push(reader.until(&[";"])),
        }
    }
    taken
        .statements
        .retain(|statement| !["perform ()", "perform (next)"].contains(&statement.as_str()) && !statement.ends_with(":= "));
    taken
}
