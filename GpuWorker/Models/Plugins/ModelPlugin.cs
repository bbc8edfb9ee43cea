using System.Reflection;
using Parcae.Grains;

namespace Parcae.GpuWorker.Models.Plugins;

/// <summary>A user's own model: a class of a class library, which implements <see cref="IStagedModel"/> and has a constructor that takes a <see cref="ModelSpec"/>.</summary>
public static class ModelPlugin
{
    /// <summary>Builds the model that a spec of the family <c>plugin</c> names, and checks what it says of itself.</summary>
    /// <exception cref="ArgumentException">It cannot be loaded or built, or contradicts itself; the message says what was wrong and what would be right.</exception>
    public static IStagedModel Create(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (string.IsNullOrWhiteSpace(spec.Assembly))
            throw new ArgumentException("model.assembly: it is empty; it must be the path of the model's class library on the worker's machine.", nameof(spec));
        var type = Type(PluginAssemblies.Load(spec.Assembly), spec);
        var model = Build(type, spec);
        try
        {
            ModelChecks.Validate(model);
        }
        catch (Exception e) // what its own members throw is as much the plug-in's fault
        {
            throw new ArgumentException($"The model {type.FullName} of {spec.Assembly} contradicts itself. {Said(e)}", nameof(spec), e);
        }

        return model;
    }

    private static Type Type(Assembly assembly, ModelSpec spec)
    {
        var models = Types(assembly, spec).Where(IsModel).OrderBy(t => t.FullName, StringComparer.Ordinal).ToList();
        var names = string.Join(", ", models.Select(t => t.FullName));
        if (spec.Type is { } name)
        {
            var type = assembly.GetType(name);
            if (type is not null && IsModel(type)) return type;
            var wrong = type is null ? "has no such class" : $"has it, but it is no class that can be built and implements {nameof(IStagedModel)}";
            throw Wrong("type", name, $"{spec.Assembly} {wrong}; {(models.Count == 0 ? "it has no model at all" : $"its models are {names}")}");
        }

        return models.Count switch
        {
            1 => models[0],
            0 => throw Wrong("assembly", spec.Assembly, $"no class in it implements {nameof(IStagedModel)}; one must (of the Parcae.GpuWorker that this worker runs, {HostVersion})"),
            _ => throw Wrong("type", "null", $"{spec.Assembly} has several models; it must be one of {names}"),
        };
    }

    private static Type[] Types(Assembly assembly, ModelSpec spec)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            var causes = e.LoaderExceptions.Select(l => l?.Message).Distinct().Take(3);
            throw new ArgumentException(
                $"model.assembly: {spec.Assembly} does not fit this worker (Parcae.GpuWorker {HostVersion}) or what it depends on is not beside it: {string.Join(" ", causes)}", nameof(spec), e);
        }
    }

    private static IStagedModel Build(Type type, ModelSpec spec)
    {
        var constructor = type.GetConstructor([typeof(ModelSpec)])
            ?? throw Wrong("type", type.FullName, $"it has no public constructor that takes a {nameof(ModelSpec)} alone; it must have one");
        try
        {
            return (IStagedModel)constructor.Invoke([spec]);
        }
        catch (TargetInvocationException e)
        {
            throw new ArgumentException($"The model {type.FullName} of {spec.Assembly} could not be built from its spec. {Said(e.InnerException!)}", nameof(spec), e.InnerException);
        }
    }

    private static bool IsModel(Type type) => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && type.IsAssignableTo(typeof(IStagedModel));

    private static string HostVersion => typeof(IStagedModel).Assembly.GetName().Version!.ToString();

    private static string Said(Exception e) => e is ArgumentException ? e.Message : $"{e.GetType().Name}: {e.Message}";

    private static ArgumentException Wrong(string field, string? value, string what) => new($"model.{field}: {value} is not valid: {what}.");
}
