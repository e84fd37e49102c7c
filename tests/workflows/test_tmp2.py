import time
import tests.workflows.driver as d
_old=d.Deal.tell
async def tell(self,name,**m):
    a=time.time(); r=await _old(self,name,**m); b=time.time()
    if b-a>0.5: print("SLOW tell",name,m,b-a)
    return r
_o2=d.Deal.until
async def until(self,f,what=""):
    a=time.time(); r=await _o2(self,f,what); b=time.time()
    if b-a>0.5: print("SLOW until",what,b-a)
    return r
d.Deal.tell=tell; d.Deal.until=until
from tests.workflows.test_faults import *
