//! The table of what sets the revisions apart.

use std::fmt::{self, Write as _};

use eyot_types::Revision::{V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28};
use eyot_types::{Era, Revision};

/// What becomes of something that a revision does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must decide for each of them")]
pub enum Effect {
    /// It is sent all the same: peers of the revision do not look at it.
    Ignored,
    /// It is left out: peers of the revision take it for granted, or know it from elsewhere.
    Implied,
    /// It is left out.
    Dropped,
    /// Something that the revision has takes its place.
    Replaced,
    /// Without it the message makes no sense, so it must not be sent.
    Refused,
}

impl Effect {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Implied => "implied",
            Self::Dropped => "dropped",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One feature of the table.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Row {
    /// The feature.
    pub feature: Feature,
    /// Its name for metrics.
    pub name: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// The first revision that has it.
    pub first: Revision,
    /// The last revision that has it; before the first: there is none.
    pub last: Revision,
    /// What becomes of it in the others.
    pub effect: Effect,
    /// What is done about it there, for people.
    pub instead: &'static str,
}

/// Writes each feature once: the enum and the table come from one list. What no revision has is
/// from the last one to the first.
macro_rules! features {
    ( $( $feature:ident = $name:literal, $what:literal, $first:ident..=$last:ident, $effect:ident: $instead:literal; )+ ) => {
        /// Something that not every revision has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $( #[doc = concat!("`", $name, "`: ", $what, ".")] $feature, )+
        }

        impl Feature {
            /// Its row in [`FEATURES`].
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self {
                    $( Self::$feature => &Row {
                        feature: Self::$feature,
                        name: $name,
                        what: $what,
                        first: $first,
                        last: $last,
                        effect: Effect::$effect,
                        instead: $instead,
                    }, )+
                }
            }
        }

        /// What sets the revisions apart, for the values that are converted between them.
        pub const FEATURES: &[&Row] = &[ $( Feature::$feature.row(), )+ ];
    };
}

features! {
    Title = "title",
        "`title` of tools, prompts, resources and programs",
        V2025_06_18..=V2026_07_28, Ignored: "";
    Icons = "icons",
        "`icons`",
        V2025_11_25..=V2026_07_28, Ignored: "";
    ProgramDetails = "program_details",
        "`description` and `websiteUrl` of programs",
        V2025_11_25..=V2026_07_28, Ignored: "";
    ItemMeta = "item_meta",
        "`_meta` of tools, prompts, resources, roots and content",
        V2025_06_18..=V2026_07_28, Ignored: "";
    LastModified = "last_modified",
        "`annotations.lastModified`",
        V2025_06_18..=V2026_07_28, Ignored: "";
    ToolAnnotations = "tool_annotations",
        "`annotations` of tools",
        V2025_03_26..=V2026_07_28, Ignored: "";
    ToolExecution = "tool_execution",
        "`execution` of tools",
        V2025_11_25..=V2025_11_25, Dropped: "";
    OutputSchema = "output_schema",
        "`outputSchema` of tools",
        V2025_06_18..=V2026_07_28, Dropped: "";
    AnyOutputSchema = "any_output_schema",
        "an `outputSchema` of something else than an object",
        V2026_07_28..=V2026_07_28, Replaced: "an object with the member `result`";
    StructuredContent = "structured_content",
        "`structuredContent` of results",
        V2025_06_18..=V2026_07_28, Replaced: "its JSON as text, unless there is text already";
    AnyStructuredContent = "any_structured_content",
        "a `structuredContent` that is no object",
        V2026_07_28..=V2026_07_28, Replaced: "an object with the member `result`, and text";
    AudioContent = "audio_content",
        "content of type `audio`",
        V2025_03_26..=V2026_07_28, Replaced: "a text that says what was left out";
    ResourceLink = "resource_link",
        "content of type `resource_link`",
        V2025_06_18..=V2026_07_28, Replaced: "a text with its name and URI";
    ProgressMessage = "progress_message",
        "`message` of progress",
        V2025_03_26..=V2026_07_28, Ignored: "";
    CompletionContext = "completion_context",
        "`context` of completion",
        V2025_06_18..=V2026_07_28, Dropped: "";
    CompletionCapability = "completion_capability",
        "the capability `completions`",
        V2025_03_26..=V2026_07_28, Ignored: "";
    SamplingMany = "sampling_many",
        "several pieces in one message of sampling",
        V2025_11_25..=V2026_07_28, Replaced: "one message for each; texts of an answer are joined";
    SamplingMixed = "sampling_mixed",
        "several pieces in the answer of sampling that are not all text",
        V2025_11_25..=V2026_07_28, Refused: "";
    SamplingTools = "sampling_tools",
        "tools in sampling",
        V2025_11_25..=V2026_07_28, Refused: "";
    SamplingSettings = "sampling_settings",
        "`context` and `tools` of the capability `sampling`",
        V2025_11_25..=V2026_07_28, Dropped: "";
    Elicitation = "elicitation",
        "elicitation",
        V2025_06_18..=V2026_07_28, Refused: "";
    ElicitationCapability = "elicitation_capability",
        "the capability `elicitation`",
        V2025_06_18..=V2026_07_28, Dropped: "";
    ElicitationMode = "elicitation_mode",
        "`mode` of elicitation",
        V2025_11_25..=V2026_07_28, Implied: "a form";
    ElicitationUrl = "elicitation_url",
        "elicitation on a web page",
        V2025_11_25..=V2026_07_28, Refused: "";
    ElicitationUrlSetting = "elicitation_url_setting",
        "`url` of the capability `elicitation`",
        V2025_11_25..=V2026_07_28, Dropped: "without `form` the whole capability";
    ElicitationId = "elicitation_id",
        "`elicitationId`",
        V2025_11_25..=V2025_11_25, Dropped: "";
    ElicitationTitles = "elicitation_titles",
        "titles of selections by `oneOf`",
        V2025_11_25..=V2026_07_28, Replaced: "`enum` and `enumNames`";
    ElicitationMultiSelect = "elicitation_multi_select",
        "questions that take several answers",
        V2025_11_25..=V2026_07_28, Refused: "";
    ElicitationDefaults = "elicitation_defaults",
        "`default` of texts, numbers and selections",
        V2025_11_25..=V2026_07_28, Ignored: "";
    ElicitationLists = "elicitation_lists",
        "lists in the answer of a form",
        V2025_11_25..=V2026_07_28, Ignored: "";
    RootsListChanged = "roots_list_changed",
        "`listChanged` of the capability `roots`",
        V2024_11_05..=V2025_11_25, Dropped: "";
    Extensions = "extensions",
        "the capability `extensions`",
        V2026_07_28..=V2026_07_28, Dropped: "";
    ResultType = "result_type",
        "`resultType` of a complete result",
        V2026_07_28..=V2026_07_28, Implied: "every result is complete";
    CacheHints = "cache_hints",
        "`ttlMs` and `cacheScope`",
        V2026_07_28..=V2026_07_28, Dropped: "";
    InputRequired = "input_required",
        "a result that asks for input",
        V2026_07_28..=V2026_07_28, Refused: "";
    RoundState = "round_state",
        "`inputResponses` and `requestState`",
        V2026_07_28..=V2026_07_28, Dropped: "";
    TaskResult = "task_result",
        "a result that is a task of the extension",
        V2026_07_28..=V2026_07_28, Refused: "";
    TaskRequest = "task_request",
        "`task` of parameters, and the capability `tasks`",
        V2025_11_25..=V2025_11_25, Dropped: "";
    RelatedTask = "related_task",
        "the task that a message belongs to",
        V2025_11_25..=V2025_11_25, Dropped: "";
    ModernMeta = "modern_meta",
        "the keys of `_meta` that make a message modern",
        V2026_07_28..=V2026_07_28, Implied: "known since `initialize`";
    ResourceNotFoundCode = "resource_not_found_code",
        "the error code -32002",
        V2024_11_05..=V2025_11_25, Replaced: "-32602; the other way for `resources/read` with `data.uri`";
    UrlRequiredCode = "url_required_code",
        "the error code -32042",
        V2025_11_25..=V2025_11_25, Refused: "";
    ModernCodes = "modern_codes",
        "the error codes -32020, -32021 and -32022",
        V2026_07_28..=V2026_07_28, Replaced: "-32600 for a capability, else -32603";
    SdkCodes = "sdk_codes",
        "error codes that SDKs once took",
        V2024_11_05..=V2025_11_25, Replaced: "-32603 with the old one in `data.original`";
    MalformedMended = "malformed_mended",
        "members and elements of a result that no revision has in this form, with one meaning",
        V2026_07_28..=V2024_11_05, Replaced: "what they mean: `{}` for `[]`, `true` for `\"true\"`, `[]` for no `content`";
    MalformedDropped = "malformed_dropped",
        "members and elements of a result that no revision has in this form, with no meaning",
        V2026_07_28..=V2024_11_05, Dropped: "the others are carried";
}

impl Feature {
    /// Whether `revision` has it.
    #[must_use]
    pub fn is_in(self, revision: Revision) -> bool {
        let row = self.row();
        (row.first..=row.last).contains(&revision)
    }

    /// Its name for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The table in Markdown: a row for each feature, a column for each revision, the oldest first.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| feature | what |");
    let revisions = || Revision::SUPPORTED.iter().rev();
    for revision in revisions() {
        table.extend([" ", revision.as_str(), " |"]);
    }
    table.push_str(" instead |\n|---|---|");
    table.extend(revisions().map(|_| "---|"));
    table.push_str("---|\n");
    for row in FEATURES {
        // Writing to a text cannot fail.
        _ = write!(table, "| `{}` | {} |", row.name, row.what);
        for &revision in revisions() {
            let cell = if row.feature.is_in(revision) { "yes" } else { row.effect.as_str() };
            table.extend([" ", cell, " |"]);
        }
        table.extend([" ", row.instead, " |\n"]);
    }
    table
}

/// The table for the bridge between the eras: what becomes of each feature in each direction.
#[must_use]
pub fn bridge_markdown() -> String {
    let mut table = String::from(
        "| feature | what | legacy → modern | modern → legacy | instead |\n|---|---|---|---|---|\n",
    );
    for row in FEATURES {
        // Writing to a text cannot fail.
        _ = writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            row.name,
            row.what,
            row.legacy_to_modern(),
            row.modern_to_legacy(),
            row.instead
        );
    }
    table
}

/// The way is not open to the feature: no peer on its near side has it.
const NOTHING: &str = "";

impl Row {
    /// What becomes of it on the way from a legacy peer to a modern one.
    fn legacy_to_modern(&self) -> &'static str {
        match (self.first.era(), self.last.era()) {
            (Era::Modern, Era::Legacy) => self.effect.as_str(),
            (Era::Modern, _) => NOTHING,
            (Era::Legacy, Era::Modern) => CARRIED,
            (Era::Legacy, Era::Legacy) => self.effect.as_str(),
        }
    }

    /// What becomes of it on the way from a modern peer to a legacy one.
    fn modern_to_legacy(&self) -> String {
        match (self.first, self.last.era()) {
            (V2026_07_28, Era::Legacy) => self.effect.as_str().to_owned(),
            (_, Era::Legacy) => NOTHING.to_owned(),
            (V2024_11_05, Era::Modern) => CARRIED.to_owned(),
            (V2026_07_28, Era::Modern) => self.effect.as_str().to_owned(),
            (first, Era::Modern) => format!("{CARRIED}; {} before {first}", self.effect),
        }
    }
}

/// The receiving peer knows the feature.
const CARRIED: &str = "carried";
