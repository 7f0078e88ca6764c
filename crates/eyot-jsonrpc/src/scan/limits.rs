//! The bounds of one message.

/// Bounds of one message, checked while it is scanned.
///
/// The reader of a text bounds its size before it is buffered; here only texts beyond `u32::MAX`
/// bytes are refused. Numbers longer than 1,100 bytes are refused too: the longest double, -2^-1074
/// with all its digits, has 1,077.
#[derive(Clone, Copy, Debug)]
pub struct ScanLimits {
    /// Objects and arrays inside each other, the message itself included. Values above 127 mean
    /// 127: `serde_json` and others that count refuse the 128th.
    pub depth_max: usize,
    /// Members of one object, at any depth.
    pub keys_max: usize,
    /// Messages of one batch.
    pub batch_max: usize,
    /// Bytes of an id or of a progress token as written, quotes included.
    pub id_bytes_max: usize,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self { depth_max: 64, keys_max: 10_000, batch_max: 100, id_bytes_max: ID_BYTES_MAX }
    }
}

impl ScanLimits {
    /// The limits of messages that this process writes itself: only what every peer can read.
    pub(crate) const OWN: Self = Self {
        depth_max: usize::MAX,
        keys_max: usize::MAX,
        batch_max: 0,
        id_bytes_max: usize::MAX,
    };
}

/// Longest id of a text that is refused for another reason; the default of
/// [`ScanLimits::id_bytes_max`].
pub(crate) const ID_BYTES_MAX: usize = 1_024;
