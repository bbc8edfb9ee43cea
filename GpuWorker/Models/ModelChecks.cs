namespace Parcae.GpuWorker.Models;

/// <summary>Says what is wrong with a model's description of itself, before anyone makes a tensor by it.</summary>
public static class ModelChecks
{
    /// <summary>Checks every layer's layout, ties and costs.</summary>
    /// <exception cref="ArgumentException">The model contradicts itself; the message names the layer, the parameter and the value.</exception>
    public static void Validate(IStagedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Check(model.Spec is not null, "The model", "has no Spec", "what it was built from");
        Check(!string.IsNullOrWhiteSpace(model.Description), "The model", "has no Description", "the model in a few words");
        Check(model.LayerCount >= 1, "The model", $"has a LayerCount of {model.LayerCount}", "at least 1");
        var layouts = new List<LayerLayout>(model.LayerCount);
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            Layout(layouts, layer, model.Layout(layer));
            Costs(model, layer);
        }

        var twice = layouts.GroupBy(l => l.Name).FirstOrDefault(g => g.Count() > 1);
        Check(twice is null, "The model", $"has {twice?.Count()} layers named '{twice?.Key}'", "a name for each layer");
        Check(layouts.Any(l => l.Parameters.Any(p => p.IsOwn)), "The model", "has no parameter that is trained", "at least one");
    }

    private static void Layout(List<LayerLayout> before, int layer, LayerLayout? layout)
    {
        var subject = $"Layer {layer}";
        Check(layout is not null, subject, "has no Layout", "one, without parameters where there are none");
        Check(layout!.Layer == layer, subject, $"has the layout of layer {layout.Layer}", $"one of layer {layer}");
        Check(!string.IsNullOrWhiteSpace(layout.Name), subject, "has no name", "such as blocks.3");
        // The engine holds each of a layer's tensors in one span.
        Check(layout.Length <= int.MaxValue, subject, $"has {layout.Length} values", $"at most {int.MaxValue}; divide it into several layers");
        long offset = 0;
        var names = new HashSet<string>();
        foreach (var parameter in layout.Parameters)
        {
            Check(!string.IsNullOrWhiteSpace(parameter.Name) && names.Add(parameter.Name), subject, $"has a second parameter named '{parameter.Name}', or one without a name", "a name for each");
            Parameter(before, $"{layout.Name}.{parameter.Name}", parameter, offset);
            offset += parameter.Length;
        }

        before.Add(layout);
    }

    private static void Parameter(List<LayerLayout> before, string subject, ParameterSlice parameter, long offset)
    {
        var shape = Text(parameter.Shape);
        Check(parameter.Shape.Length > 0 && parameter.Shape.All(n => n > 0), subject, $"has the shape {shape}", "dimensions of at least 1");
        Check(parameter.Offset == offset, subject, $"begins at {parameter.Offset}", $"{offset}: parameters lie one after the other, as LayerLayout.Of lays them out");
        Check(Enum.IsDefined(parameter.Role), subject, $"has the role {parameter.Role}", $"one of {string.Join(", ", Enum.GetNames<ParameterRole>())}");
        Check(parameter.Role != ParameterRole.Matrix || parameter.Shape.Length >= 2, subject, $"is a matrix of the shape {shape}", "[out, in] or a kernel's shape");
        Check(float.IsFinite(parameter.Initial.Mean) && parameter.Initial.Deviation is >= 0 and < double.PositiveInfinity, subject, $"begins as {parameter.Initial}", "a finite mean and deviation");
        if (parameter.Tie is { } tie) Tie(before, subject, parameter, tie);
    }

    private static void Tie(List<LayerLayout> before, string subject, ParameterSlice parameter, TiedTo tie)
    {
        Check(tie.Layer >= 0 && tie.Layer < before.Count, subject, $"is tied to layer {tie.Layer}", "an earlier layer");
        var layer = before[tie.Layer];
        Check(tie.Parameter >= 0 && tie.Parameter < layer.Parameters.Count, subject, $"is tied to parameter {tie.Parameter} of {layer.Name}", $"one of its {layer.Parameters.Count} parameters, counted from 0");
        var owner = layer.Parameters[tie.Parameter];
        var name = $"{layer.Name}.{owner.Name}";
        Check(owner.Shape.SequenceEqual(parameter.Shape), subject, $"has the shape {Text(parameter.Shape)} and is tied to {name} of the shape {Text(owner.Shape)}", "the same shape");
        Check(owner.Tie is null, subject, $"is tied to {name}, which is itself tied", "tied to the owner");
        Check(parameter.Role != ParameterRole.Statistic && owner.Role != ParameterRole.Statistic, subject, $"is tied to {name}, and one of them is a running statistic", "trained, as its owner");
        // Or else weight decay would pull them apart.
        Check(owner.Decays == parameter.Decays, subject, $"is a {parameter.Role} and tied to {name}, a {owner.Role}", "both with weight decay or both without");
    }

    private static void Costs(IStagedModel model, int layer)
    {
        var subject = $"Layer {layer}";
        var shape = model.OutputShape(layer);
        Check(shape is { Length: > 0 } && shape.All(n => n > 0), subject, $"has the OutputShape {Text(shape)}", "dimensions of at least 1, without that of the micro-batch");
        Check(model.ForwardFlops(layer) is >= 0 and < double.PositiveInfinity, subject, $"has ForwardFlops of {model.ForwardFlops(layer)}", "a finite number of at least 0");
        Check(model.ActivationBytes(layer) >= 0, subject, $"has ActivationBytes of {model.ActivationBytes(layer)}", "at least 0");
    }

    private static string Text(long[]? shape) => shape is null ? "null" : $"[{string.Join(", ", shape)}]";

    private static void Check(bool good, string subject, string wrong, string right)
    {
        if (!good) throw new ArgumentException($"{subject} {wrong}; expected is {right}.");
    }
}
