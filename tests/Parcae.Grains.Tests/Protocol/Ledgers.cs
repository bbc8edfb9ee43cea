using Parcae.Grains.Jobs.Ledger;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The ledger of a state: the product's own, filled for the moment.</summary>
internal static class Ledgers
{
    /// <summary>The result of a step; its data differ from every other step's.</summary>
    public static StepResult Result(int step) => new(step, 1 + step, 1, (ulong)step + 1, 1, 0);

    /// <summary>The book that a state stands for.</summary>
    public static LedgerFor Open(Durable state) => new(state);

    /// <summary>The book with its counters.</summary>
    internal sealed class LedgerFor
    {
        private readonly LedgerCounters _counters;

        public LedgerFor(Durable state)
        {
            _counters = new LedgerCounters { Committed = state.Committed, Settled = state.Settled };
            Book = new LedgerBook(1, _counters);
            for (int step = 0; state.Entries >> step != 0; step++) Book.Load((state.Entries >> step & 1) != 0 ? Result(step) : null);
            Book.PadToCommitted();
        }

        public LedgerBook Book { get; }

        public void Commit(StepResult result) => Book.Commit(result);

        /// <summary>The state with what the book says now.</summary>
        public Durable Close(Durable state)
        {
            int entries = 0;
            for (int step = 0; step < Book.Length; step++) entries |= Book[step] is null ? 0 : 1 << step;
            return state with { Committed = Book.Committed, Settled = _counters.Settled, Entries = entries };
        }
    }
}
