namespace Parcae.Cli.Replay.Fleet;

/// <summary>Reaches workers that are away.</summary>
internal interface IRecalls
{
    /// <summary>Calls back whoever is away by an order.</summary>
    Task RecallAsync(string order);
}
