using System.Runtime.Loader;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Models.Plugins;

/// <summary>This assembly is the plug-in here, loaded once more.</summary>
public sealed class ModelPluginTests : IDisposable
{
    private static readonly string Here = typeof(ModelPluginTests).Assembly.Location;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_lives_in_a_context_of_its_own_and_shares_the_engine_with_the_host()
    {
        var model = ModelFactory.Create(Plugin(Here, typeof(DoubtfulModel).FullName));
        Assert.Equal("a doubtful model", model.Description);
        Assert.NotSame(typeof(DoubtfulModel), model.GetType());
        Assert.NotSame(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(model.GetType().Assembly));
        Assert.Contains(typeof(IStagedModel), model.GetType().GetInterfaces());
    }

    [Fact]
    public void A_library_is_loaded_once_until_it_is_built_anew()
    {
        var path = Path.Combine(_folder.Path, "Model.dll");
        File.Copy(OwnModelTests.Library, path);
        var first = ModelFactory.Create(Plugin(path)).GetType();
        Assert.Same(first, ModelFactory.Create(Plugin(Path.Combine(_folder.Path, ".", "Model.dll"))).GetType());
        File.WriteAllBytes(path, File.ReadAllBytes(OwnModelTests.Library)); // it is not held open
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(40));
        var second = ModelFactory.Create(Plugin(path)).GetType();
        Assert.NotSame(first, second);
        Assert.Equal(first.FullName, second.FullName);
    }

    [Fact]
    public void A_library_that_is_none_is_refused()
    {
        Refused(Plugin(" "), "model.assembly: it is empty; ");
        var missing = Path.Combine(_folder.Path, "Missing.dll");
        Refused(Plugin(missing), $"model.assembly: there is no file {missing} on this machine; ");
        var text = Path.Combine(_folder.Path, "Text.dll");
        File.WriteAllText(text, "MZ, but no more than that");
        Refused(Plugin(text), $"model.assembly: {text} is no .NET assembly; ");
        File.WriteAllBytes(text, []);
        Refused(Plugin(text), $"model.assembly: {text} is no .NET assembly; ");
        File.WriteAllBytes(text, File.ReadAllBytes(OwnModelTests.Library)[..2000]);
        Refused(Plugin(text), $"model.assembly: {text} is no .NET assembly; ");
        var contracts = typeof(ModelSpec).Assembly.Location;
        Refused(Plugin(contracts), $"model.assembly: {contracts} is not valid: no class in it implements IStagedModel; ");
    }

    [Fact]
    public void Of_several_models_one_must_be_named()
    {
        var e = Refused(Plugin(Here), $"model.type: null is not valid: {Here} has several models; it must be one of ");
        Assert.Contains(typeof(DoubtfulModel).FullName!, e.Message, StringComparison.Ordinal);
        Assert.Contains(typeof(ThatThrows).FullName!, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(typeof(Unfinished).FullName!, e.Message, StringComparison.Ordinal);
        Refused(Plugin(Here, "No.Such"), $"model.type: No.Such is not valid: {Here} has no such class; its models are ");
        foreach (var other in new[] { typeof(Unfinished), typeof(ModelPluginTests) })
            Refused(Plugin(Here, other.FullName), $"model.type: {other.FullName} is not valid: {Here} has it, but it is no class that can be built and implements IStagedModel; ");
    }

    [Fact]
    public void A_model_that_cannot_be_built_or_contradicts_itself_is_refused()
    {
        Refused(Plugin(Here, typeof(WithoutConstructor).FullName), $"model.type: {typeof(WithoutConstructor).FullName} is not valid: it has no public constructor that takes a ModelSpec alone; ");
        var e = Refused(Plugin(Here, typeof(ThatThrows).FullName), $"The model {typeof(ThatThrows).FullName} of {Here} could not be built from its spec. NotSupportedException: not on Sundays");
        Assert.IsType<NotSupportedException>(e.InnerException);
        Refused(Plugin(Here, typeof(ThatContradictsItself).FullName), $"The model {typeof(ThatContradictsItself).FullName} of {Here} contradicts itself. IndexOutOfRangeException: ");
        Refused(Plugin(Here, typeof(ThatTiesAhead).FullName), $"The model {typeof(ThatTiesAhead).FullName} of {Here} contradicts itself. first.weight is tied to layer 2; expected is an earlier layer.");
    }

    private static ModelSpec Plugin(string path, string? type = null) => new() { Family = "plugin", Assembly = path, Type = type };

    private static ArgumentException Refused(ModelSpec spec, string message)
    {
        var e = Assert.Throws<ArgumentException>(() => ModelFactory.Create(spec));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        return e;
    }
}
