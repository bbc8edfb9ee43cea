using Parcae.GpuWorker.Models.Plugins;
using Parcae.Grains;

namespace Parcae.GpuWorker.Models;

/// <summary>Builds the model that a spec names.</summary>
public static class ModelFactory
{
    /// <summary>Builds a model and checks what it says of itself. No tensors are made.</summary>
    /// <exception cref="ArgumentException">
    /// There is no such family, the spec's values do not fit it, or its plug-in cannot be loaded or contradicts itself; the message says which.
    /// </exception>
    public static IStagedModel Create(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Family == "plugin") return ModelPlugin.Create(spec);
        IStagedModel model = spec.Family switch
        {
            "gpt" => new Gpt(spec),
            "bert" => new Bert(spec),
            "resnet" => new ResNet(spec),
            "vgg" => new Vgg(spec),
            _ => throw new ArgumentException($"There is no model family '{spec.Family}'; known are {string.Join(", ", ModelSpec.Families)}.", nameof(spec)),
        };
        ModelChecks.Validate(model);
        return model;
    }
}
