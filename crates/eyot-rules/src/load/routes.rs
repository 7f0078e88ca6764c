//! Routes that lead back to where they begin.

use eyot_document::{Position, shown_name};

use super::reader::Reader;
use crate::glob::Globs;

/// A rule that sends messages to another upstream.
pub(super) struct Route {
    pub(super) at: Position,
    pub(super) name: Box<str>,
    /// From these. `None`: from all but its target.
    pub(super) servers: Option<Globs>,
    pub(super) methods: Option<Globs>,
    pub(super) items: Option<Globs>,
    pub(super) to: Box<str>,
}

/// Notes each cycle once.
pub(super) fn check(reader: &mut Reader, routes: &[Route]) {
    if routes.len() > ROUTES_MAX {
        if let Some(last) = routes.last() {
            reader.error(last.at, format!("there are more than {ROUTES_MAX} routes"));
        }
        return;
    }
    // Rules that stand on a cycle which was told of are not told of again.
    let mut told = vec![false; routes.len()];
    for (start, route) in routes.iter().enumerate() {
        if told.get(start) == Some(&true) {
            continue;
        }
        let Some(cycle) = cycle_from(routes, start) else { continue };
        let names = cycle.iter().filter_map(|it| routes.get(*it));
        let names: Vec<_> = names.map(|it| format!("`{}`", shown_name(&it.name))).collect();
        reader.error(
            route.at,
            format!("routes lead in a circle: {} and back: take one away", names.join(", then ")),
        );
        for number in cycle {
            if let Some(told) = told.get_mut(number) {
                *told = true;
            }
        }
    }
}

/// The routes from this one on that lead back to it.
fn cycle_from(routes: &[Route], start: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; routes.len()];
    let mut open = vec![start];
    while let Some(number) = open.pop() {
        let route = routes.get(number)?;
        for (next, other) in routes.iter().enumerate() {
            if !leads_to(route, other) {
                continue;
            }
            if next == start {
                let mut cycle = vec![number];
                while let Some(before) = cycle.last().and_then(|it| *came_from.get(*it)?)
                    && cycle.last() != Some(&start)
                {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if let Some(from @ None) = came_from.get_mut(next) {
                *from = Some(number);
                open.push(next);
            }
        }
    }
    None
}

/// Whether a message that one rule has sent away could be sent away by the other.
fn leads_to(route: &Route, other: &Route) -> bool {
    let is_there = other.servers.as_ref().is_none_or(|it| it.matches(&route.to));
    other.to != route.to
        && is_there
        && may_overlap(route.methods.as_ref(), other.methods.as_ref())
        && may_overlap(route.items.as_ref(), other.items.as_ref())
}

fn may_overlap(one: Option<&Globs>, other: Option<&Globs>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.may_overlap(other),
        _ => true,
    }
}

/// Routes of a file. Finding cycles takes their square.
const ROUTES_MAX: usize = 500;
