using Parcae.Grains;

namespace Parcae.GpuWorker.Models;

/// <summary>Builds the model that a spec names.</summary>
public static class ModelFactory
{
    /// <summary>Builds a model. No tensors are made.</summary>
    /// <exception cref="ArgumentException">There is no such family.</exception>
    public static IStagedModel Create(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Family switch
        {
            "gpt" => new Gpt(spec),
            _ => throw new ArgumentException($"There is no model family '{spec.Family}'; known are {string.Join(", ", ModelSpec.Families)}.", nameof(spec)),
        };
    }
}
