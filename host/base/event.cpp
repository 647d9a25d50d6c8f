#include "host/base/event.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace certspan {
namespace {

// A number is never used again for something else. tests/lint/check_events.py holds this table against the
// phrases in the code and against docs/events.md.
constexpr EventKind kKinds[] = {
    {1, "HostStarted", "started"},
    {2, "HostListening", "listening"},
    {3, "HostStopped", "stopped"},
    {4, "HostEndedWithoutPlugin", "a plugin does not come back: the host ends without it"},
    {10, "ConfigApplied", "configuration applied"},
    {11, "ConfigRefused", "configuration refused, the old one keeps serving"},
    {12, "ConfigLingers",
     "a call is still inside the configuration before; its connectors stay until it ends"},
    {13, "ConnectorLeftOut", "running without connector"},
    {14, "ConfigWarning", "configuration warning"},
    {15, "WorkerEnded", "worker ended"},
    {16, "WorkerFailed", "worker failed"},
    {17, "WorkerPrinted", "worker printed"},
    {18, "WorkerTalksTooMuch", "worker logs too much, records were dropped"},
    {20, "ListenerCertificateRenewed", "certificates of listeners renewed"},
    {21, "ListenerCertificateNotRenewed", "certificates of listeners can't be renewed"},
    {22, "SecretUnreadable", "secret can't be read"},
    {23, "ListenerCertificateKept", "listeners keep their old certificates"},
    {24, "EndsSoon", "what is watched ends soon"},
    {25, "HasEnded", "what is watched has ended"},
    {30, "ClockBehind", "clock behind the journal: no new work is accepted"},
    {31, "ClockSlightlyBehind", "the clock is a little behind the journal"},
    {32, "ClockAccepted", "clock accepted"},
    {40, "JournalFailed", "journal failed: the host ends, recovery decides what was committed"},
    {41, "JournalFullRefused", "not accepted: the journal took nothing"},
    {42, "JournalFullWaits", "waits for the journal"},
    {43, "JournalTooLarge", "too large for the journal"},
    {44, "WorkTakenUp", "took up open items"},
    {45, "JournalRestored", "the journal was put back from a backup"},
    {46, "KeyRotationNotEnded", "a rotation of the journal's key has not ended"},
    {50, "CommandRun", "command"},
    {51, "CommandRefused", "command refused"},
    {52, "ActionRun", "action"},
    {53, "WorkRetried", "work retry"},
    {54, "WorkCancelled", "work cancel"},
    {55, "WorkResolved", "work resolve"},
    {56, "WorkErased", "work erase"},
    {57, "WorkApproved", "work approve"},
    {58, "WorkRefusedByPerson", "work refuse"},
    {59, "WorkWaitsForPerson", "waits for a person's yes"},
    {60, "WorkHeld", "item held"},
    {61, "WorkHeldAskedAgain", "held item is asked for again"},
    {62, "WorkDead", "dead letter"},
    {63, "WorkOfAnotherClaim", "item belongs to another claim"},
    {64, "WorkConflicts", "item conflicts again and again"},
    {65, "WorkLeftForStart", "left for the next start"},
    {66, "WorkPutOff", "put off"},
    {67, "CaLeftInPeace", "CA is left in peace"},
    {68, "CaAskedAsBefore", "CA is asked as before"},
    {70, "OutsideAsked", "asked outside"},
    {71, "AuditHeadNotTold", "audit head can't be told outside"},
    {72, "AuditHeadToldAgain", "audit head is told outside again"},
    {73, "WorkNotFetched", "work could not be fetched"},
    {74, "WorkFetchedAgain", "work is fetched again"},
    {80, "PluginSwapped", "plugin swapped, on probation"},
    {81, "PluginSwapCommitted", "plugin swap committed"},
    {82, "PluginSwapRolledBack", "plugin swap rolled back"},
    {83, "PluginSwapRefused", "plugin swap refused"},
    {84, "PluginTakenBackAtStart", "a plugin's new version was taken back at the start"},
    {85, "PluginSwapStuck", "plugin swap can't be rolled back"},
    {86, "PluginSwapNotWritten", "plugin swap can't be written down"},
    {87, "PluginVersionLingers",
     "a call is still inside a version that was replaced; it stays until the call ends"},
    {kPluginEvent.number, kPluginEvent.name, kPluginEvent.phrase},
    {901, "PluginException", "plugin.exception"},
    {910, "CaLoaded", "ca loaded"},
    {911, "TokenKeyOpened", "key opened in its token"},
    {912, "TokenKeyLost", "key in its token can't be used"},
    {913, "TokenKeyBack", "key in its token can be used again"},
    {920, "OcspResponderCertified", "OCSP responder certified"},
    {921, "OcspResponderNotCertified", "OCSP responder can't be certified"},
    {930, "CrlsPublished", "CRLs published"},
    {931, "CrlsNotPublished", "CRLs can't be published"},
    {3020, "RevokeDownloadedRequest", "orders of revocation fetched"},
    {3050, "RevokeSuccess", "revoked"},
    {3051, "RevokeFailure", "not revoked"},
    {3052, "CompromisedKeyUnread", "a compromised key can't be refused"},
    {3100, "RevokeUploadSuccess", "Intune was told of a revocation"},
    {3101, "RevokeUploadFailure", "Intune was not told of a revocation"},
    {3200, "RevocationWaits", "revocation waits for a person's yes"},
    {3201, "RevocationLeftToPeople", "revocation is a person's"},
    {3202, "RevocationOrdered", "revocation ordered"},
    {3203, "ForeignRevoked", "a foreign certificate is revoked"},
    {4004, "ScepVerifySuccess", "Intune says yes"},
    {4005, "ScepVerifyFailure", "Intune does not say yes"},
    {4006, "ScepIssuedSuccess", "issued"},
    {4007, "ScepIssuedFailure", "refused"},
    {4008, "ScepNotifySuccess", "Intune was told"},
    {4009, "ScepNotifyAttemptFailed", "Intune was not told"},
    {4100, "ScepTurnedAway", "turned away"},
    {4101, "ScepCertificateWithheld", "certificate withheld"},
    {4102, "ScepNotAnswered", "request neither answered nor submitted"},
    {4103, "ScepMessageUnreadable", "message not readable"},
    {4104, "ScepMessageRefused", "message refused"},
    {4110, "RaCertificateExpired", "RA certificate has expired"},
    {4111, "RaCertificateExpires", "RA certificate expires soon"},
    {4112, "RaCertificateForeign", "RA certificate is not issued by a CA of this endpoint"},
    {4113, "RaCertified", "RA certified"},
    {4114, "RaNotCertified", "RA can't be certified"},
    {4115, "ScepNotTold", "not told"},
    {4120, "ScepChallengeMinted", "challenge minted"},
    {4121, "ScepChallengeNotMinted", "challenge not minted"},
};

constexpr bool rises() {
  for (std::size_t i = 1; i < std::size(kKinds); ++i) {
    if (kKinds[i - 1].number >= kKinds[i].number) return false;
  }
  return true;
}
static_assert(rises());

/// By phrase, for the search.
const auto& by_phrase() {
  static const auto sorted = [] {
    std::array<const EventKind*, std::size(kKinds)> kinds{};
    std::transform(std::begin(kKinds), std::end(kKinds), kinds.begin(),
                   [](const EventKind& kind) { return &kind; });
    std::sort(kinds.begin(), kinds.end(),
              [](const EventKind* a, const EventKind* b) { return a->phrase < b->phrase; });
    return kinds;
  }();
  return sorted;
}

}  // namespace

std::span<const EventKind> event_kinds() {
  return kKinds;
}

const EventKind& event_kind(std::string_view phrase) {
  const auto& kinds = by_phrase();
  const auto* const found =
      std::lower_bound(kinds.begin(), kinds.end(), phrase,
                       [](const EventKind* kind, std::string_view wanted) { return kind->phrase < wanted; });
  return found != kinds.end() && (*found)->phrase == phrase ? **found : kPluginEvent;
}

}  // namespace certspan
