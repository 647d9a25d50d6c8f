//! A validator in Rust, on the contract's C alone and without a crate: it lets every request in and says who did.
//! `settings: { panic: true }` makes each call panic, which must not cross the line.
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::panic::catch_unwind;

const ID: &str = "com.example.rust\0";
const VERSION: &str = "1.0.0\0";
const TYPE: &str = "rust\0";
const SUMMARY: &str = "Lets every request in.\0";
const ROLE: &[u8] = b"certspan.role.validator/1";
const SCHEMA: &str = concat!(
    r#"{"type": "object", "additionalProperties": false, "properties": {"#,
    r#""panic": {"type": "boolean", "description": "Whether its calls panic. Default: false."}}}"#,
    "\0"
);

const OK: i32 = 0;
const INTERNAL: i32 = 9;

const fn number(text: &str) -> u32 {
    let digits = text.as_bytes();
    let mut value = 0;
    let mut at = 0;
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as u32;
        at += 1;
    }
    value
}
const ABI_MAJOR: u16 = 0;
const ABI_MINOR: u16 = 9;
const ABI_BUILD: u32 = number(env!("CERTSPAN_ABI_BUILD"));

// --- the note ---

const TEXTS: &[u8] = b"com.example.rust\x001.0.0\0validator\0rust\0";
const TEXT_ROOM: usize = (TEXTS.len() + 3) / 4 * 4;
const HEAD_SIZE: u32 = 32;

#[repr(C)]
struct Note {
    owner_size: u32,
    size: u32,
    kind: u32,
    owner: [u8; 12],
    note_version: u32,
    abi_major: u16,
    abi_minor: u16,
    abi_build: u32,
    flags: u32,
    head_size: u32,
    text_size: u32,
    state_reads: u32,
    state_writes: u32,
    texts: [u8; TEXT_ROOM],
}

const fn padded() -> [u8; TEXT_ROOM] {
    let mut texts = [0; TEXT_ROOM];
    let mut at = 0;
    while at < TEXTS.len() {
        texts[at] = TEXTS[at];
        at += 1;
    }
    texts
}

#[used]
#[link_section = ".note.certspan"]
static NOTE: Note = Note {
    owner_size: 9,
    size: HEAD_SIZE + TEXT_ROOM as u32,
    kind: 1,
    owner: *b"certspan\0\0\0\0",
    note_version: 1,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    abi_build: ABI_BUILD,
    flags: 0,
    head_size: HEAD_SIZE,
    text_size: TEXTS.len() as u32,
    state_reads: 1,
    state_writes: 1,
    texts: padded(),
};

// --- the contract ---

#[repr(C)]
#[derive(Clone, Copy)]
struct View {
    data: *const u8,
    size: u64,
}

fn view(text: &'static str) -> View {
    View { data: text.as_ptr(), size: text.len() as u64 }
}
const NOTHING: View = View { data: std::ptr::null(), size: 0 };

#[repr(C)]
struct Label {
    name: View,
    value: View,
}

#[repr(C)]
struct Answer {
    struct_size: u32,
    outcome: i32,
    retry_after_ms: u32,
    reserved: u32,
    code: View,
    message: View,
    certificate: View,
    handle: View,
    labels: *const Label,
    label_count: u64,
}

#[repr(C)]
struct AnswerSink {
    struct_size: u32,
    reserved: u32,
    context: *mut c_void,
    answer: extern "C" fn(*mut c_void, *const Answer),
    note: extern "C" fn(*mut c_void, View) -> i32,
}

struct Instance {
    panics: bool,
}

type Host = c_void;
type Faults = c_void;
type Item = c_void;

#[repr(C)]
struct Validator {
    struct_size: u32,
    flags: u32,
    validate: extern "C" fn(*mut Instance, *const Item, *const AnswerSink),
}

#[repr(C)]
struct ConnectorType {
    struct_size: u32,
    flags: u32,
    name: *const c_char,
    summary: *const c_char,
    settings_schema: *const c_char,
    validate_config: extern "C" fn(View, *const Faults) -> i32,
    create: extern "C" fn(*const Host, View, View, *const Faults, *mut *mut Instance) -> i32,
    start: extern "C" fn(*mut Instance, *const Faults) -> i32,
    drain: Option<extern "C" fn(*mut Instance, u64) -> i32>,
    stop: extern "C" fn(*mut Instance),
    destroy: extern "C" fn(*mut Instance),
    interface_table: extern "C" fn(*const c_char) -> *const c_void,
}

#[repr(C)]
pub struct Plugin {
    struct_size: u32,
    abi_major: u16,
    abi_minor: u16,
    abi_build: u32,
    type_count: u32,
    id: *const c_char,
    version: *const c_char,
    types: *const *const ConnectorType,
}

/// Tables of pointers that nobody ever writes to.
#[repr(transparent)]
pub struct Table<T>(T);
unsafe impl<T> Sync for Table<T> {}

// --- the connector ---

extern "C" fn validate_config(_settings: View, _faults: *const Faults) -> i32 {
    OK
}

extern "C" fn create(_: *const Host, _: View, settings: View, _: *const Faults, made: *mut *mut Instance) -> i32 {
    let text = unsafe { std::slice::from_raw_parts(settings.data, settings.size as usize) };
    let panics = String::from_utf8_lossy(text).contains("true");
    unsafe { *made = Box::into_raw(Box::new(Instance { panics })) };
    OK
}

extern "C" fn start(_: *mut Instance, _: *const Faults) -> i32 {
    OK
}
extern "C" fn stop(_: *mut Instance) {}
extern "C" fn destroy(instance: *mut Instance) {
    drop(unsafe { Box::from_raw(instance) });
}

extern "C" fn validate(instance: *mut Instance, _: *const Item, sink: *const AnswerSink) {
    let panics = unsafe { (*instance).panics };
    let decided = catch_unwind(|| {
        if panics {
            panic!("the settings say so");
        }
        OK
    });
    let (outcome, code) = match decided {
        Ok(outcome) => (outcome, NOTHING),
        Err(_) => (INTERNAL, view("rust.panic")),
    };
    let label = Label { name: view("user"), value: view("asked-rust") };
    let answer = Answer {
        struct_size: std::mem::size_of::<Answer>() as u32,
        outcome,
        retry_after_ms: 0,
        reserved: 0,
        code,
        message: NOTHING,
        certificate: NOTHING,
        handle: NOTHING,
        labels: &label,
        label_count: if outcome == OK { 1 } else { 0 },
    };
    unsafe { ((*sink).answer)((*sink).context, &answer) };
}

static VALIDATOR: Validator =
    Validator { struct_size: std::mem::size_of::<Validator>() as u32, flags: 0, validate };

extern "C" fn interface_table(id: *const c_char) -> *const c_void {
    if unsafe { CStr::from_ptr(id) }.to_bytes() == ROLE {
        return &VALIDATOR as *const Validator as *const c_void;
    }
    std::ptr::null()
}

static CONNECTOR: Table<ConnectorType> = Table(ConnectorType {
    struct_size: std::mem::size_of::<ConnectorType>() as u32,
    flags: 0,
    name: TYPE.as_ptr() as *const c_char,
    summary: SUMMARY.as_ptr() as *const c_char,
    settings_schema: SCHEMA.as_ptr() as *const c_char,
    validate_config,
    create,
    start,
    drain: None,
    stop,
    destroy,
    interface_table,
});
static TYPES: Table<[*const ConnectorType; 1]> = Table([&CONNECTOR.0]);
static PLUGIN: Table<Plugin> = Table(Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    abi_build: ABI_BUILD,
    type_count: 1,
    id: ID.as_ptr() as *const c_char,
    version: VERSION.as_ptr() as *const c_char,
    types: TYPES.0.as_ptr(),
});

#[no_mangle]
pub extern "C" fn certspan_plugin_entry_v0() -> *const Plugin {
    &PLUGIN.0
}
