//! A group whose verbs, or a verb whose arguments, are described only when it is the one that is called:
//! describing all of them is a good part of what a short command takes.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

/// The verbs of a group, described when they are needed.
pub struct Deferred<T>(pub T);

/// The group with its verbs described now: for what is written about all of them.
pub fn described<T: Subcommand>(group: Command) -> Command {
    T::augment_subcommands(group).defer(|group| group)
}

impl<T: Subcommand> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Deferred)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(group: Command) -> Command {
        group.defer(T::augment_subcommands)
    }

    fn augment_subcommands_for_update(group: Command) -> Command {
        group.defer(T::augment_subcommands_for_update)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

/// The arguments of a verb, described when they are needed. What the verb is for stands where it is listed.
pub struct Later<T>(pub T);

/// The verb with its arguments described now: for what is written about all of them.
pub fn described_verb<T: Args>(verb: Command) -> Command {
    T::augment_args(verb).defer(|verb| verb)
}

impl<T: Args> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Later)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Later<T> {
    fn augment_args(verb: Command) -> Command {
        verb.defer(T::augment_args)
    }

    fn augment_args_for_update(verb: Command) -> Command {
        verb.defer(T::augment_args_for_update)
    }
}
