//! Checks an expression, and makes names of the places that it looks at.

use std::collections::HashMap;
use std::fmt;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, SelectExpr, operators,
};
use cel::common::types::CelBool;

use super::names::{FUNCTIONS, JSON, KNOWN, OPERATORS, Root, SETS};
use crate::path::Step;
use crate::pattern::Pattern;
use crate::suggestion::did_you_mean;
use crate::view::Source;

/// The sets of the file, by name.
pub(crate) type Named = HashMap<String, Vec<String>>;

/// An expression that can be evaluated.
pub(super) struct Prepared {
    pub(super) expression: IdedExpr,
    pub(super) places: Vec<Place>,
    pub(super) known: Vec<&'static str>,
    pub(super) patterns: HashMap<String, Pattern>,
    pub(super) parts_count: u64,
}

/// A place in a JSON value that an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: Source,
    pub(super) steps: Vec<Step>,
    text: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The number of the place that a name of ours stands for.
pub(super) fn number_of(name: &str) -> Option<usize> {
    [HAS, PLACE, COPIED].iter().find_map(|it| name.strip_prefix(it))?.parse().ok()
}

/// Names of ours: no name of an expression begins so.
pub(super) const PLACE: &str = "@place:";
/// A place whose value becomes an item of a list that the expression makes.
pub(super) const COPIED: &str = "@copied:";
pub(super) const HAS: &str = "@has:";
pub(super) const KNOWN_AS: &str = "@known:";
pub(super) const TICK: &str = "@tick:";
/// The end of the name of a step in a loop that makes a list.
pub(super) const MAKES_LIST: &str = "+";

pub(super) fn prepare(expression: IdedExpr, sets: &Named) -> Result<Prepared, String> {
    let mut preparing = Preparing {
        sets,
        locals: Vec::new(),
        places: Vec::new(),
        known: Vec::new(),
        patterns: HashMap::new(),
        parts_count: 0,
        names_count: 0,
        loops: 0,
        lists: 0,
    };
    let expression = preparing.expression(expression)?;
    let Preparing { places, known, patterns, parts_count, names_count, .. } = preparing;
    Ok(Prepared { expression, places, known, patterns, parts_count: parts_count + names_count })
}

struct Preparing<'a> {
    sets: &'a Named,
    /// The names of the loops around.
    locals: Vec<String>,
    places: Vec<Place>,
    known: Vec<&'static str>,
    patterns: HashMap<String, Pattern>,
    parts_count: u64,
    /// The names in sets: a list is made of them each time.
    names_count: u64,
    /// The loops in each other.
    loops: usize,
    /// The lists in each other that the expression makes of what it names.
    lists: usize,
}

impl Preparing<'_> {
    /// Recurses as deep as the parser allows, which is not deep.
    fn expression(&mut self, expression: IdedExpr) -> Result<IdedExpr, String> {
        self.parts_count += 1;
        if self.parts_count > PARTS_MAX {
            return Err(format!("the expression has more than {PARTS_MAX} parts"));
        }
        if let Some(place) = self.place_of(&expression)? {
            let prefix = if self.lists > 0 { COPIED } else { PLACE };
            return Ok(ident(expression.id, self.name(prefix, place)));
        }
        let IdedExpr { id, expr } = expression;
        let expr = match expr {
            Expr::Ident(name) => return self.name_of(id, &name),
            Expr::Literal(literal) => Expr::Literal(literal),
            Expr::Select(select) => return self.select(id, select),
            Expr::Call(call) => Expr::Call(self.call(call)?),
            Expr::List(list) => {
                self.lists += 1;
                let elements = list.elements.into_iter().map(|it| self.expression(it));
                let elements = elements.collect::<Result<_, _>>()?;
                self.lists -= 1;
                Expr::List(ListExpr::new(elements))
            }
            Expr::Comprehension(comprehension) => self.comprehension(*comprehension)?,
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                return Err("maps and messages cannot be made in an expression".to_owned());
            }
        };
        Ok(IdedExpr { id, expr })
    }

    fn name(&mut self, prefix: &str, place: Place) -> String {
        let number = self.places.iter().position(|it| *it == place).unwrap_or_else(|| {
            self.places.push(place);
            self.places.len() - 1
        });
        format!("{prefix}{number}")
    }

    /// A name alone.
    fn name_of(&mut self, id: u64, name: &str) -> Result<IdedExpr, String> {
        if name.starts_with('@') || self.locals.iter().any(|it| it == name) {
            return Ok(ident(id, name.to_owned()));
        }
        match Root::of(name) {
            Some(Root::Known(known)) => {
                self.known.push(known);
                Ok(ident(id, format!("{KNOWN_AS}{known}")))
            }
            _ if name == SETS => Err("`sets` is no value: name one, such as `sets.x`".to_owned()),
            _ => {
                let names = JSON.iter().chain(&KNOWN).copied().chain([SETS]);
                let hint = did_you_mean(name, names);
                Err(format!("`{name}` is not known{hint}"))
            }
        }
    }

    /// The place that a chain of members and items names, if it begins with a JSON value.
    fn place_of(&mut self, expression: &IdedExpr) -> Result<Option<Place>, String> {
        match &expression.expr {
            Expr::Ident(name) if !self.locals.contains(name) => Ok(match Root::of(name) {
                Some(Root::Json(source)) => {
                    Some(Place { source, steps: Vec::new(), text: name.clone() })
                }
                _ => None,
            }),
            Expr::Select(select) if !select.test => {
                let Some(place) = self.place_of(&select.operand)? else { return Ok(None) };
                Ok(Some(place.below(select.field.clone())))
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let [operand, index] = call.args.as_slice() else { return Ok(None) };
                let Expr::Literal(index) = &index.expr else { return Ok(None) };
                let Some(place) = self.place_of(operand)? else { return Ok(None) };
                Ok(match index {
                    LiteralValue::String(name) => Some(place.below(name.inner().to_owned())),
                    LiteralValue::Int(number) => {
                        usize::try_from(*number.inner()).ok().map(|it| place.at(it))
                    }
                    _ => None,
                })
            }
            _ => Ok(None),
        }
    }

    fn select(&mut self, id: u64, select: SelectExpr) -> Result<IdedExpr, String> {
        let SelectExpr { operand, field, test } = select;
        if let Expr::Ident(name) = &operand.expr
            && !self.locals.contains(name)
        {
            if name == SETS && !test {
                return self.set(id, &field);
            }
            if let Some(Root::Known(known)) = Root::of(name) {
                return Err(format!("`{known}` has no members, so there is no `{known}.{field}`"));
            }
        }
        if test && let Some(place) = self.place_of(&operand)? {
            let name = self.name(HAS, place.below(field));
            return Ok(ident(id, name));
        }
        let operand = Box::new(self.expression(*operand)?);
        Ok(IdedExpr { id, expr: Expr::Select(SelectExpr { operand, field, test }) })
    }

    /// A set of the file, as a list.
    fn set(&mut self, id: u64, name: &str) -> Result<IdedExpr, String> {
        let Some(texts) = self.sets.get(name) else {
            let hint = did_you_mean(name, self.sets.keys().map(String::as_str));
            return Err(format!("there is no set `{name}`{hint}"));
        };
        if let Some(glob) = texts.iter().find(|it| it.contains(['*', '?', '['])) {
            let glob = eyot_document::shown_name(glob);
            return Err(format!(
                "`sets.{name}` has the pattern `{glob}`, which `in` would take to the letter: \
                 use the set in `match`"
            ));
        }
        self.names_count += texts.len() as u64;
        let literal = |text: &String| IdedExpr {
            id,
            expr: Expr::Literal(LiteralValue::String(text.clone().into())),
        };
        let elements = texts.iter().map(literal).collect();
        Ok(IdedExpr { id, expr: Expr::List(ListExpr::new(elements)) })
    }

    fn call(&mut self, call: CallExpr) -> Result<CallExpr, String> {
        let CallExpr { func_name, target, args } = call;
        let name = func_name.as_str();
        if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&name) {
            let hint = did_you_mean(name, FUNCTIONS.into_iter().chain(MACROS));
            return Err(format!("there is no function `{name}`{hint}"));
        }
        if name == "matches" {
            self.pattern(args.last())?;
        }
        let target = target.map(|it| self.expression(*it).map(Box::new)).transpose()?;
        let args = args.into_iter().map(|it| self.expression(it)).collect::<Result<_, _>>()?;
        Ok(CallExpr { func_name, target, args })
    }

    /// Compiles the pattern of `matches`, which is known before any message is.
    fn pattern(&mut self, argument: Option<&IdedExpr>) -> Result<(), String> {
        let Some(Expr::Literal(LiteralValue::String(text))) = argument.map(|it| &it.expr) else {
            return Err("`matches` takes a pattern in quotes, which is compiled once".to_owned());
        };
        let pattern = Pattern::compile(text.inner())?;
        self.patterns.insert(text.inner().to_owned(), pattern);
        Ok(())
    }

    /// A loop. Each of its steps counts against what the expression may cost.
    fn comprehension(&mut self, comprehension: ComprehensionExpr) -> Result<Expr, String> {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, .. } = comprehension;
        let is_taken = Root::of(&iter_var).is_some() || iter_var == SETS;
        if is_taken || self.locals.contains(&iter_var) {
            return Err(format!(
                "`{iter_var}` has a meaning already: take another name in the loop"
            ));
        }
        if self.loops == LOOPS_MAX {
            return Err(format!("more than {LOOPS_MAX} loops in each other"));
        }
        let iter_range = self.expression(iter_range)?;
        let accu_init = self.expression(comprehension.accu_init)?;
        self.locals.push(iter_var.clone());
        self.loops += 1;
        let loop_cond = self.expression(comprehension.loop_cond)?;
        let loop_step = self.expression(comprehension.loop_step)?;
        let loop_step = counted(loop_step, self.loops)?;
        self.loops -= 1;
        self.locals.pop();
        let result = self.expression(comprehension.result)?;
        Ok(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range,
            iter_var,
            iter_var2,
            accu_var,
            accu_init,
            loop_cond,
            loop_step,
            result,
        })))
    }
}

impl Place {
    fn below(mut self, name: String) -> Self {
        self.text = format!("{}.{name}", self.text);
        self.steps.push(Step::Member(name));
        self
    }

    fn at(mut self, number: usize) -> Self {
        self.text = format!("{}[{number}]", self.text);
        self.steps.push(Step::Item(number));
        self
    }
}

/// Whether the step of a loop puts an item behind those of before.
fn makes_list(step: &IdedExpr) -> bool {
    let Expr::Call(call) = &step.expr else { return false };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::ADD, [_, added]) => matches!(added.expr, Expr::List(_)),
        (operators::CONDITIONAL, [_, then, _]) => makes_list(then),
        _ => false,
    }
}

/// The step of a loop with a count in front of what the file says about each item. The steps that
/// macros make: `accu && x`, `accu || x`, `x ? … : accu`, `accu + [x]`.
fn counted(mut step: IdedExpr, depth: usize) -> Result<IdedExpr, String> {
    let id = step.id;
    let kind = if makes_list(&step) { MAKES_LIST } else { "" };
    let counted = match &mut step.expr {
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_mut_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [_, body]) => Some(body),
            (operators::CONDITIONAL, [body, ..]) => Some(body),
            (operators::ADD, [_, added]) => match &mut added.expr {
                Expr::List(list) => list.elements.first_mut(),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let body = counted.ok_or("this kind of loop is not known")?;
    let tick = ident(id, format!("{TICK}{depth}{kind}"));
    let never = IdedExpr { id, expr: Expr::Literal(LiteralValue::Boolean(CelBool::from(false))) };
    let args = vec![tick, std::mem::take(body), never];
    let call = CallExpr { func_name: operators::CONDITIONAL.to_owned(), target: None, args };
    *body = IdedExpr { id, expr: Expr::Call(call) };
    Ok(step)
}

const fn ident(id: u64, name: String) -> IdedExpr {
    IdedExpr { id, expr: Expr::Ident(name) }
}

const MACROS: [&str; 6] = ["has", "all", "exists", "exists_one", "map", "filter"];

/// Parts of an expression, those of loops written out.
const PARTS_MAX: u64 = 500;

/// Loops in each other.
const LOOPS_MAX: usize = 2;
