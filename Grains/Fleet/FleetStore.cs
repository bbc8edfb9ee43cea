using Parcae.Grains.Storage;

namespace Parcae.Grains.Fleet;

/// <summary>
/// Makes a fleet durable: every change is an entry of a journal, and the whole is written only now and then, so that a change costs the same however many instances and events there are. Changes that come while one is
/// being written are written together.
/// </summary>
internal sealed class FleetStore(IPersistentState<FleetState> stored, ChunkedList<FleetEntry> journal, FleetBook book, int logLength, Action<FleetEntry> durable)
{
    /// <summary>Entries in a chunk of the journal: each change writes its chunk anew.</summary>
    public const int ChunkLength = 32;

    /// <summary>Entries after which the whole is written.</summary>
    private const int SnapshotEvery = 256;

    private readonly Turns _writing = new();

    /// <summary>Does again what was written after the whole.</summary>
    public async Task Load()
    {
        var (applied, first) = (book.State.Applied, book.State.JournalFirst);
        await journal.Load(first);
        for (int i = journal.First; i < journal.End; i++) book.Replay(journal[i], known: i < applied);
    }

    /// <summary>Makes everything durable that has happened before the call. Where nothing has, it is what is being written already that is waited for.</summary>
    public Task Save() => book.HasChanges ? _writing.RunTogether(Write) : _writing.Last;

    private async Task Write()
    {
        var entry = book.TakeEntry();
        if (entry is not null) journal.Add(entry);
        int end = journal.End;
        var whole = end - stored.State.Applied >= SnapshotEvery || !stored.RecordExists ? book.State.Copy(end, Needed(end)) : null;
        await journal.Save();
        if (entry is not null) durable(entry);
        if (whole is null) return;
        stored.State = whole;
        await stored.WriteStateAsync();
        await journal.Trim(whole.JournalFirst);
    }

    /// <summary>The first entry of which the log keeps an event.</summary>
    private int Needed(int end)
    {
        long oldest = book.State.LastSequence - logLength + 1;
        int first = journal.First;
        while (first < end && journal[first] is var entry && (entry.Events.Length == 0 || entry.Events[^1].Sequence < oldest)) first++;
        return first / ChunkLength * ChunkLength;
    }
}
