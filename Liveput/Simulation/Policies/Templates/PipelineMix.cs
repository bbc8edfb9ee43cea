namespace Parcae.Liveput.Simulation.Policies.Templates;

/// <summary>Pipelines of one depth and, perhaps, some deeper ones. The default value is a pause.</summary>
/// <param name="Shallow">Pipelines of the smaller depth.</param>
/// <param name="Deep">Pipelines of the greater depth; 0 when all are alike.</param>
/// <param name="DeepDepth">The greater depth; 0 when all are alike.</param>
internal readonly record struct PipelineMix(Strategy Shallow, int Deep = 0, int DeepDepth = 0)
{
    /// <summary>Pipelines in all.</summary>
    public int Pipelines => Shallow.Pipelines + Deep;

    /// <summary>Instances in use.</summary>
    public int Instances => Shallow.Instances + (Deep * DeepDepth);

    /// <summary>As a strategy: all its pipelines, as if all were of the smaller depth.</summary>
    public Strategy Shape => new(Pipelines, Shallow.Depth);
}
