namespace Parcae.Grains;

/// <summary>Has a worker's process vanish as by SIGKILL, and come back later under the same instance id: how a replay acts out the loss of an instance.</summary>
/// <param name="Id">Of this order; 1 to 100 letters, digits, '.', '_' and '-'. A worker that is back from an order obeys it no second time.</param>
/// <param name="Away">Time until it comes back by itself, <see cref="Longest"/> at most. Zero: nothing happens, the call only says whether such an order would be obeyed.</param>
[GenerateSerializer, Immutable, Alias("parcae.VanishOrder")]
public sealed record VanishOrder([property: Id(0)] string Id, [property: Id(1)] TimeSpan Away)
{
    /// <summary>The longest time to be away: 30 days.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(30);

    /// <summary>Key in the service's Redis whose existence calls those back before their time who are away by order <paramref name="order"/>.</summary>
    /// <param name="serviceId">Orleans service id, the prefix of everything that the service has in Redis.</param>
    /// <param name="order">Id of the order.</param>
    public static string RecallKey(string serviceId, string order) => $"{serviceId}/replay/recall/{order}";

    /// <summary>What is wrong with the order, or null.</summary>
    public string? Problem()
    {
        if (Id is not { Length: >= 1 and <= 100 } || !Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            return $"the order's id is '{Id}'; it must be 1 to 100 letters, digits, '.', '_' and '-'";
        if (Away < TimeSpan.Zero || Away > Longest) return $"the time away is {Away}; it must be from 0 to {Longest.TotalDays:0} days";
        return null;
    }
}
