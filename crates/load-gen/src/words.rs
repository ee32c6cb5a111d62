//! Loads in words.

use common::render::amount;

use crate::crowd::{FOREVER, Program, Stretch};

/// What is offered, in words: `100 users within 10 s, then for 290 s`.
pub(crate) fn program(program: &Program) -> String {
    let (stretches, unit, iterations) = match program {
        Program::Users(it) => (&it.stretches, " users", it.iterations),
        Program::Arrivals(it) => {
            let unit = if it.poisson {
                " iterations/s at random"
            } else {
                " iterations/s"
            };
            (&it.stretches, unit, it.iterations)
        }
    };
    let mut words: Vec<String> = stretches.iter().map(|it| stretch(it, unit)).collect();
    if words.len() > 8 {
        let last = words.pop().unwrap_or_default();
        words.truncate(6);
        words.push("…".to_owned());
        words.push(last);
    }
    let end = iterations.map(|it| format!("; {it} iterations in all"));
    words.join(", then ") + &end.unwrap_or_default()
}

fn stretch(stretch: &Stretch, unit: &str) -> String {
    let Stretch { from, to, seconds } = stretch;
    let time = if *seconds >= FOREVER / 2.0 {
        "without end".to_owned()
    } else {
        format!("{} s", amount(*seconds))
    };
    if (from - to).abs() < 1e-9 {
        format!("{}{unit} for {time}", amount(*to))
    } else {
        format!(
            "from {} to {}{unit} within {time}",
            amount(*from),
            amount(*to)
        )
    }
}
