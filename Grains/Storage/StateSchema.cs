namespace Parcae.Grains.Storage;

/// <summary>Durable state that says by which rules it was written.</summary>
internal interface IVersionedState
{
    /// <summary>Number of the rules; 0: from before they were numbered.</summary>
    int Schema { get; set; }
}

/// <summary>Brings durable state up to the rules of this version.</summary>
internal static class StateSchema
{
    /// <summary>Takes stored state from its rules to the newest, one number at a time. In memory only: the next write stores it.</summary>
    /// <param name="stored">The state as read; a fresh one gets the newest number.</param>
    /// <param name="owner">Whose it is, for people.</param>
    /// <param name="steps">What changes from rules 0 to 1, 1 to 2, ...; their number is the newest.</param>
    /// <exception cref="StateTooNewException">It was written by rules that this version does not know.</exception>
    public static void Upgrade<T>(IPersistentState<T> stored, string owner, params Action<T>[] steps)
        where T : IVersionedState
    {
        var state = stored.State;
        if (!stored.RecordExists) state.Schema = steps.Length;
        if (state.Schema > steps.Length) throw new StateTooNewException(owner, state.Schema, steps.Length);
        while (state.Schema < steps.Length)
        {
            steps[state.Schema](state);
            state.Schema++;
        }
    }
}
