//! Turns the facts in `data/` into the table that functions carry: fixed rows and texts, which need no reading at run time.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::{env, fs, path::Path};

type Fields<'a> = HashMap<&'a str, &'a str>;

const LETTERS: [&str; 6] = ["r_R", "r_I", "r_A", "r_S", "r_E", "r_C"];
const VALUES: [&str; 5] = ["x_beta", "x_beta_human", "x_use", "x_ilo", "x_aei"];
const PERCENTILES: [&str; 4] = ["p_eloundou", "p_use", "p_ilo", "p_aei"];

fn main() -> Result<(), Box<dyn Error>> {
    for file in ["data/occupations.tsv", "data/skills.tsv"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let skills = fs::read_to_string("data/skills.tsv")?;
    let skills: Vec<Fields> = rows(&skills)?;
    let occupations = fs::read_to_string("data/occupations.tsv")?;
    let mut out = String::new();
    writeln!(out, "pub static SKILLS: [Skill; {}] = [", skills.len())?;
    for skill in &skills {
        writeln!(out, "Skill {{ id: {:?}, fr: {:?}, en: {:?} }},", skill["element_id"], skill["title_fr"], skill["title_en"])?;
    }
    let places: HashMap<&str, usize> = skills.iter().enumerate().map(|(place, skill)| (skill["element_id"], place)).collect();
    let occupations = rows(&occupations)?;
    let codes: Vec<&str> = occupations.iter().map(|row| row["onet_soc"]).collect();
    writeln!(out, "];\nstatic CODES: [&str; {}] = {codes:?};", codes.len())?;
    writeln!(out, "pub static OCCUPATIONS: [Occupation; {}] = [", occupations.len())?;
    for row in &occupations {
        let code = row["onet_soc"];
        occupation(&mut out, row, &places).map_err(|error| format!("{code}: {error}"))?;
    }
    out.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("table.rs"), out)?;
    Ok(())
}

fn rows(text: &str) -> Result<Vec<Fields<'_>>, Box<dyn Error>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().ok_or("no header")?.split('\t').collect();
    let row = |line: &'_ str| line.split('\t').count() == names.len();
    let lines: Vec<&str> = lines.collect();
    if let Some(line) = lines.iter().find(|line| !row(line)) {
        return Err(format!("not {} fields: {line}", names.len()).into());
    }
    Ok(lines.iter().map(|line| names.iter().copied().zip(line.split('\t')).collect()).collect())
}

fn occupation(out: &mut String, row: &Fields, places: &HashMap<&str, usize>) -> Result<(), Box<dyn Error>> {
    let text = |name: &str| row[name];
    // Thousandths, as the table has three places and the text of one number stands for one value.
    let scaled = |name: &str, by: f64| -> Result<Option<i64>, Box<dyn Error>> {
        let text = row[name];
        if text.is_empty() { Ok(None) } else { Ok(Some((text.parse::<f64>()? * by).round() as i64)) }
    };
    let given =
        |name: &str, by: f64| -> Result<i64, Box<dyn Error>> { scaled(name, by)?.ok_or_else(|| format!("no {name}").into()) };
    let each = |names: &[&str], by: f64| -> Result<Vec<Option<i64>>, Box<dyn Error>> {
        names.iter().map(|name| scaled(name, by)).collect()
    };
    let interests = LETTERS.iter().map(|name| given(name, 1000.0)).collect::<Result<Vec<_>, _>>()?;
    let skills = text("skills").split(' ').map(|skill| {
        let id = skill.split(':').next().unwrap_or_default();
        places.get(id).copied().ok_or_else(|| format!("no skill {id}"))
    });
    let skills = skills.collect::<Result<Vec<_>, _>>()?;
    let exposure = ["exp_lo", "exp_mid", "exp_hi"].map(|name| given(name, 1.0));
    let [low, mid, high] = exposure;
    let growth_is_of = text("growth_src");
    writeln!(
        out,
        "Occupation {{ onet_soc: {:?}, isco08: {}, rome: {:?}, rome_is_exact: {}, rome_label: {:?}, title_fr: {:?}, title_en: {:?}, \
         interests: {interests:?}, job_zone: {}, skills: &{skills:?}, skills_of: {:?}, values: {:?}, percentiles: {:?}, \
         exposure: [{}, {}, {}], growth: {:?}, growth_is_of_group: {}, flags: {:?} }},",
        text("onet_soc"),
        text("isco08").parse::<u16>()?,
        text("rome"),
        text("rome_fit") == "exact",
        text("rome_label"),
        text("title_fr"),
        text("title_en"),
        given("job_zone", 1.0)?,
        text("skills_src").strip_prefix("proxy:").unwrap_or_default(),
        each(&VALUES, 1000.0)?,
        each(&PERCENTILES, 1.0)?,
        low?,
        mid?,
        high?,
        scaled("growth_us_pct", 10.0)?,
        growth_is_of != text("soc2018"),
        text("rome_flags"),
    )?;
    Ok(())
}
