using System.Text;
using Parcae.GpuWorker.Native;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Native;

public sealed class TorchNativeTests
{
    private static byte[] Shipped => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));

    [Fact]
    public void Tensors_work_on_this_machine()
    {
        using var one = torch.ones(3);
        Assert.Equal(3, one.sum().item<float>());
        Assert.NotEqual(TorchNativeLoading.NotYet, TorchNative.Loading);
    }

    [Fact]
    public void An_adapted_library_asks_for_the_old_hook_and_for_no_newer_version()
    {
        var shipped = Shipped;
        var adapted = TorchNative.Adapt(shipped);
        Assert.Equal(shipped.Length, adapted.Length);
        var elf = new ElfSymbols(adapted);
        Assert.DoesNotContain(elf.NeededVersions(), v => v.Name == "GLIBCXX_3.4.32");
        Assert.DoesNotContain(elf.Symbols(), s => s.Name == "_ZSt21ios_base_library_initv");
        var hook = Assert.Single(elf.Symbols(), s => s.Name == "_ZNSt8ios_base4InitC1Ev");
        Assert.Equal("GLIBCXX_3.4", elf.NeededVersions().First(v => v.Index == hook.VersionIndex).Name);
        Assert.InRange(shipped.Zip(adapted).Count(b => b.First != b.Second), 1, 64); // nothing else is touched
    }

    [Fact]
    public void A_library_that_does_not_need_it_is_refused() =>
        Assert.Contains("does not ask for GLIBCXX_3.4.32", Assert.Throws<BadImageFormatException>(() => TorchNative.Adapt(TorchNative.Adapt(Shipped))).Message);

    [Fact]
    public void A_library_that_asks_for_another_symbol_is_refused()
    {
        var library = Shipped;
        var name = Encoding.ASCII.GetBytes("_ZSt21ios_base_library_initv");
        library[library.AsSpan().IndexOf(name) + 5] = (byte)'2';
        Assert.Contains("_ZSt22ios_base_library_initv", Assert.Throws<BadImageFormatException>(() => TorchNative.Adapt(library)).Message);
    }

    [Fact]
    public void What_is_no_library_or_a_part_of_one_is_refused()
    {
        Assert.Throws<BadImageFormatException>(() => TorchNative.Adapt([]));
        Assert.Throws<BadImageFormatException>(() => TorchNative.Adapt(Encoding.ASCII.GetBytes(new string('x', 100))));
        Assert.Throws<BadImageFormatException>(() => TorchNative.Adapt(Shipped.AsSpan(0, 5000)));
    }
}
