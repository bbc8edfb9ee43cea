namespace Parcae.Liveput;

/// <summary>A parallel configuration: D pipelines of P stages each. <see cref="None"/> is a pause.</summary>
/// <param name="Pipelines">D, 0 for a pause.</param>
/// <param name="Depth">P, 0 for a pause.</param>
public readonly record struct Strategy(int Pipelines, int Depth)
{
    /// <summary>Too few instances for anything: the job pauses.</summary>
    public static Strategy None => default;

    /// <summary>Instances in use, D * P.</summary>
    public int Instances => Pipelines * Depth;

    /// <summary>Whether this is a pause.</summary>
    public bool IsPause => Pipelines == 0;

    /// <inheritdoc/>
    public override string ToString() => IsPause ? "pause" : $"{Pipelines} x {Depth}";
}
